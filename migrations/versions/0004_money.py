"""Money: payment attempts, the inbox of providers, refunds, disputes, bank statements, invoices and credit notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_series",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_series")),
        sa.UniqueConstraint("kind", "year", name=op.f("uq_invoice_series_kind_year")),
    )
    op.create_table(
        "provider_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_event")),
        sa.UniqueConstraint("provider", "event_id", name=op.f("uq_provider_event_provider_event_id")),
    )
    with op.batch_alter_table("provider_event") as batch_op:
        batch_op.create_index(
            "ix_provider_event_open",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("processed_at IS NULL"),
            postgresql_where=sa.text("processed_at IS NULL"),
        )

    op.create_table(
        "provider_watermark",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("caught_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_watermark")),
        sa.UniqueConstraint("provider", name=op.f("uq_provider_watermark_provider")),
    )
    op.create_table(
        "bank_statement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=34), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opening_cents", sa.Integer(), nullable=False),
        sa.Column("closing_cents", sa.Integer(), nullable=False),
        sa.Column("imported_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["imported_by_id"], ["person.id"], name=op.f("fk_bank_statement_imported_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement")),
        sa.UniqueConstraint("account", "reference", name=op.f("uq_bank_statement_account_reference")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_statement_public_id")),
    )
    op.create_table(
        "bank_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("statement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("bank_reference", sa.String(length=80), nullable=False),
        sa.Column("structured", sa.String(length=40), nullable=False),
        sa.Column("free_text", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.String(length=200), nullable=False),
        sa.Column("counterparty_iban", sa.String(length=34), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_bank_line_decided_by_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["bank_statement.id"], name=op.f("fk_bank_line_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_line")),
        sa.UniqueConstraint("key", name=op.f("uq_bank_line_key")),
        sa.UniqueConstraint("public_id", name=op.f("uq_bank_line_public_id")),
    )
    with op.batch_alter_table("bank_line") as batch_op:
        batch_op.create_index("ix_bank_line_state", ["state", "booked_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_line_statement_id"), ["statement_id"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("corrects_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("supply_on", sa.Date(), nullable=True),
        sa.Column("locale", sa.String(length=5), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.JSON(), nullable=False),
        sa.Column("purchase_order", sa.String(length=60), nullable=False),
        sa.Column("payment_reference", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.Integer(), nullable=False),
        sa.Column("rounding_cents", sa.Integer(), nullable=False),
        sa.Column("gross_cents", sa.Integer(), nullable=False),
        sa.Column("prepaid_cents", sa.Integer(), nullable=False),
        sa.Column("issued_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)", name=op.f("ck_invoice_credit_note_corrects")
        ),
        sa.CheckConstraint("gross_cents = net_cents + vat_cents + rounding_cents", name=op.f("ck_invoice_adds_up")),
        sa.CheckConstraint("number > 0 AND net_cents >= 0 AND vat_cents >= 0", name=op.f("ck_invoice_positive")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoice.id"], name=op.f("fk_invoice_corrects_id")),
        sa.ForeignKeyConstraint(["issued_by_id"], ["person.id"], name=op.f("fk_invoice_issued_by_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_invoice_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("kind", "year", "number", name=op.f("uq_invoice_kind_year_number")),
        sa.UniqueConstraint("public_id", name=op.f("uq_invoice_public_id")),
    )
    with op.batch_alter_table("invoice") as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_corrects_id"), ["corrects_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoice_order_id"), ["order_id"], unique=False)

    op.create_table(
        "payment_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("provider_reference", sa.String(length=120), nullable=True),
        sa.Column("payment_reference", sa.String(length=120), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("review", sa.String(length=300), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_payment_attempt_positive")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_payment_attempt_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint(
            "provider", "provider_reference", name=op.f("uq_payment_attempt_provider_provider_reference")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_payment_attempt_public_id")),
    )
    with op.batch_alter_table("payment_attempt") as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_attempt_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_attempt_payment_reference"), ["payment_reference"], unique=False)
        batch_op.create_index(
            "ix_payment_attempt_unsettled",
            ["checked_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('created','open','processing')"),
            postgresql_where=sa.text("state IN ('created','open','processing')"),
        )

    op.create_table(
        "payment_reminder",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_payment_reminder_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_reminder")),
        sa.UniqueConstraint("order_id", "step", name=op.f("uq_payment_reminder_order_id_step")),
    )
    with op.batch_alter_table("payment_reminder") as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_reminder_order_id"), ["order_id"], unique=False)

    op.create_table(
        "accepted_terms",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accepted_terms")),
        sa.UniqueConstraint("sha256", name=op.f("uq_accepted_terms_sha256")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=240), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_withdrawal_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
        sa.UniqueConstraint("order_id", name=op.f("uq_withdrawal_order_id")),
    )
    op.create_table(
        "invoice_file",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_file_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_file")),
        sa.UniqueConstraint("invoice_id", "kind", name=op.f("uq_invoice_file_invoice_id_kind")),
    )
    with op.batch_alter_table("invoice_file") as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_file_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "invoice_tax",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.Column("base_cents", sa.Integer(), nullable=False),
        sa.Column("vat_cents", sa.Integer(), nullable=False),
        sa.Column("mention", sa.String(length=300), nullable=False),
        sa.Column("reason_code", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_tax_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_tax")),
        sa.UniqueConstraint(
            "invoice_id", "vat_category", "vat_rate", name=op.f("uq_invoice_tax_invoice_id_vat_category_vat_rate")
        ),
    )
    with op.batch_alter_table("invoice_tax") as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_tax_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "transmission",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("remote_id", sa.String(length=120), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_transmission_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transmission")),
        sa.UniqueConstraint("invoice_id", "channel", name=op.f("uq_transmission_invoice_id_channel")),
    )
    with op.batch_alter_table("transmission") as batch_op:
        batch_op.create_index(batch_op.f("ix_transmission_invoice_id"), ["invoice_id"], unique=False)

    op.create_table(
        "bank_match",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("ledger_entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("cents <> 0", name=op.f("ck_bank_match_not_zero")),
        sa.ForeignKeyConstraint(["ledger_entry_id"], ["ledger_entry.id"], name=op.f("fk_bank_match_ledger_entry_id")),
        sa.ForeignKeyConstraint(["line_id"], ["bank_line.id"], name=op.f("fk_bank_match_line_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_bank_match_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_match")),
        sa.UniqueConstraint("ledger_entry_id", name=op.f("uq_bank_match_ledger_entry_id")),
        sa.UniqueConstraint("line_id", "order_id", name=op.f("uq_bank_match_line_id_order_id")),
    )
    with op.batch_alter_table("bank_match") as batch_op:
        batch_op.create_index(batch_op.f("ix_bank_match_line_id"), ["line_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bank_match_order_id"), ["order_id"], unique=False)

    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receipt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("provider_reference", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=120), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_dispute_order_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["ledger_entry.id"], name=op.f("fk_dispute_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("provider", "provider_reference", name=op.f("uq_dispute_provider_provider_reference")),
    )
    with op.batch_alter_table("dispute") as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_order_id"), ["order_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("order_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("receipt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("provider", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("iban", sa.String(length=34), nullable=False),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("provider_reference", sa.String(length=120), nullable=True),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("requested_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cents > 0", name=op.f("ck_refund_positive")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_refund_approved_by_id")),
        sa.ForeignKeyConstraint(["credit_note_id"], ["invoice.id"], name=op.f("fk_refund_credit_note_id")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_refund_order_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["ledger_entry.id"], name=op.f("fk_refund_receipt_id")),
        sa.ForeignKeyConstraint(["requested_by_id"], ["person.id"], name=op.f("fk_refund_requested_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("provider", "provider_reference", name=op.f("uq_refund_provider_provider_reference")),
        sa.UniqueConstraint("public_id", name=op.f("uq_refund_public_id")),
    )
    with op.batch_alter_table("refund") as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_credit_note_id"), ["credit_note_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_order_id"), ["order_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_refund_receipt_id"), ["receipt_id"], unique=False)
        batch_op.create_index("ix_refund_state", ["state"], unique=False)

    op.create_table(
        "invoice_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("order_line_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("detail", sa.String(length=400), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_net_cents", sa.Integer(), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("gross_cents", sa.Integer(), nullable=False),
        sa.Column("vat_category", sa.String(length=2), nullable=False),
        sa.Column("vat_rate", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_invoice_line_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_line_invoice_id_position")),
    )
    with op.batch_alter_table("invoice_line") as batch_op:
        batch_op.create_index(batch_op.f("ix_invoice_line_invoice_id"), ["invoice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invoice_line_order_line_id"), ["order_line_id"], unique=False)

    with op.batch_alter_table("ledger_entry") as batch_op:
        batch_op.add_column(
            sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("receipt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_ledger_entry_attempt_id"), ["attempt_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_ledger_entry_receipt_id"), ["receipt_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_ledger_entry_receipt_id"), "ledger_entry", ["receipt_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_ledger_entry_attempt_id"), "payment_attempt", ["attempt_id"], ["id"])

    with op.batch_alter_table("order") as batch_op:
        batch_op.add_column(sa.Column("is_on_account", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("awaits_purchase_order", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("terms_sha256", sa.String(length=64), nullable=False, server_default=""))

    with op.batch_alter_table("organisation") as batch_op:
        batch_op.add_column(sa.Column("vat_status", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("vat_status_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("peppol_id", sa.String(length=60), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("payment_term_days", sa.Integer(), nullable=True))

    with op.batch_alter_table("order") as batch_op:
        batch_op.alter_column("is_on_account", server_default=None)
        batch_op.alter_column("awaits_purchase_order", server_default=None)
        batch_op.alter_column("terms_sha256", server_default=None)
    with op.batch_alter_table("organisation") as batch_op:
        batch_op.alter_column("peppol_id", server_default=None)
    for statement in freezing():
        op.execute(statement)


FROZEN = ("invoice", "invoice_line", "invoice_tax", "ledger_entry")


def is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def freezing() -> list[str]:
    """An issued document and the ledger are written once: the database refuses to change them."""
    if is_sqlite():
        return [
            f"CREATE TRIGGER frozen_{table}_{act.lower()} BEFORE {act} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is frozen'); END"
            for table in FROZEN
            for act in ("UPDATE", "DELETE")
        ]
    return [
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is frozen'; END $$",
        *(
            f"CREATE TRIGGER frozen_{table} BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            for table in FROZEN
        ),
    ]


def thawing() -> list[str]:
    if is_sqlite():
        return [f"DROP TRIGGER frozen_{table}_{act}" for table in FROZEN for act in ("update", "delete")]
    return [*(f"DROP TRIGGER frozen_{table} ON {table}" for table in FROZEN), "DROP FUNCTION refuse_change()"]


def downgrade() -> None:
    for statement in thawing():
        op.execute(statement)
    with op.batch_alter_table("organisation") as batch_op:
        batch_op.drop_column("payment_term_days")
        batch_op.drop_column("peppol_id")
        batch_op.drop_column("vat_status_on")
        batch_op.drop_column("vat_status")

    with op.batch_alter_table("order") as batch_op:
        batch_op.drop_column("terms_sha256")
        batch_op.drop_column("awaits_purchase_order")
        batch_op.drop_column("is_on_account")

    with op.batch_alter_table("ledger_entry") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_ledger_entry_attempt_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_ledger_entry_receipt_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_ledger_entry_receipt_id"))
        batch_op.drop_index(batch_op.f("ix_ledger_entry_attempt_id"))
        batch_op.drop_column("receipt_id")
        batch_op.drop_column("attempt_id")

    with op.batch_alter_table("invoice_line") as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_line_order_line_id"))
        batch_op.drop_index(batch_op.f("ix_invoice_line_invoice_id"))

    op.drop_table("invoice_line")
    with op.batch_alter_table("refund") as batch_op:
        batch_op.drop_index("ix_refund_state")
        batch_op.drop_index(batch_op.f("ix_refund_receipt_id"))
        batch_op.drop_index(batch_op.f("ix_refund_order_id"))
        batch_op.drop_index(batch_op.f("ix_refund_credit_note_id"))

    op.drop_table("refund")
    with op.batch_alter_table("dispute") as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispute_order_id"))

    op.drop_table("dispute")
    with op.batch_alter_table("bank_match") as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_match_order_id"))
        batch_op.drop_index(batch_op.f("ix_bank_match_line_id"))

    op.drop_table("bank_match")
    with op.batch_alter_table("transmission") as batch_op:
        batch_op.drop_index(batch_op.f("ix_transmission_invoice_id"))

    op.drop_table("transmission")
    with op.batch_alter_table("invoice_tax") as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_tax_invoice_id"))

    op.drop_table("invoice_tax")
    with op.batch_alter_table("invoice_file") as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_file_invoice_id"))

    op.drop_table("invoice_file")
    op.drop_table("withdrawal")
    op.drop_table("accepted_terms")
    with op.batch_alter_table("payment_reminder") as batch_op:
        batch_op.drop_index(batch_op.f("ix_payment_reminder_order_id"))

    op.drop_table("payment_reminder")
    with op.batch_alter_table("payment_attempt") as batch_op:
        batch_op.drop_index(
            "ix_payment_attempt_unsettled",
            sqlite_where=sa.text("state IN ('created','open','processing')"),
            postgresql_where=sa.text("state IN ('created','open','processing')"),
        )
        batch_op.drop_index(batch_op.f("ix_payment_attempt_payment_reference"))
        batch_op.drop_index(batch_op.f("ix_payment_attempt_order_id"))

    op.drop_table("payment_attempt")
    with op.batch_alter_table("invoice") as batch_op:
        batch_op.drop_index(batch_op.f("ix_invoice_order_id"))
        batch_op.drop_index(batch_op.f("ix_invoice_corrects_id"))

    op.drop_table("invoice")
    with op.batch_alter_table("bank_line") as batch_op:
        batch_op.drop_index(batch_op.f("ix_bank_line_statement_id"))
        batch_op.drop_index("ix_bank_line_state")

    op.drop_table("bank_line")
    op.drop_table("bank_statement")
    with op.batch_alter_table("provider_event") as batch_op:
        batch_op.drop_index(
            "ix_provider_event_open",
            sqlite_where=sa.text("processed_at IS NULL"),
            postgresql_where=sa.text("processed_at IS NULL"),
        )

    op.drop_table("provider_event")
    op.drop_table("invoice_series")
