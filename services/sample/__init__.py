"""The sample season: the files of sample/ made into a living demo, dated relative to today. It sends no mail."""

from services.sample.load import Loaded, load_sample

__all__ = ["Loaded", "load_sample"]
