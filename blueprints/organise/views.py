"""The organise views."""
