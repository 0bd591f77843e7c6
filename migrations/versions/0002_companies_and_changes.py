"""Companies, teams and changes: plans, vouchers, questions, exemptions, cancellation tiers."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "membership_plan",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("descriptions", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("net_cents", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership_plan")),
        sa.UniqueConstraint("slug", name=op.f("uq_membership_plan_slug")),
    )
    op.create_table(
        "exemption_request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_exemption_request_decided_by_id")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_exemption_request_event_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_exemption_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exemption_request")),
        sa.UniqueConstraint("event_id", "person_id", name=op.f("uq_exemption_request_event_id_person_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_exemption_request_public_id")),
    )
    with op.batch_alter_table("exemption_request") as batch_op:
        batch_op.create_index(batch_op.f("ix_exemption_request_person_id"), ["person_id"], unique=False)

    op.create_table(
        "voucher",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("names", sa.JSON(), nullable=False),
        sa.Column("effect", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("area_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("uses_limit", sa.Integer(), nullable=True),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reserved_quota_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("effect <> 'percent' OR value BETWEEN 1 AND 100", name=op.f("ck_voucher_percent_in_range")),
        sa.CheckConstraint("uses_limit IS NULL OR used <= uses_limit", name=op.f("ck_voucher_used_within_limit")),
        sa.CheckConstraint("value >= 0", name=op.f("ck_voucher_value_not_negative")),
        sa.ForeignKeyConstraint(["area_id"], ["area.id"], name=op.f("fk_voucher_area_id")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_voucher_event_id")),
        sa.ForeignKeyConstraint(["reserved_quota_id"], ["quota.id"], name=op.f("fk_voucher_reserved_quota_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("code", name=op.f("uq_voucher_code")),
        sa.UniqueConstraint("public_id", name=op.f("uq_voucher_public_id")),
    )
    with op.batch_alter_table("voucher") as batch_op:
        batch_op.create_index(batch_op.f("ix_voucher_area_id"), ["area_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_voucher_event_id"), ["event_id"], unique=False)

    op.create_table(
        "question",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("event_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("hints", sa.JSON(), nullable=False),
        sa.Column("choices", sa.JSON(), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_question_event_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_question_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint("public_id", name=op.f("uq_question_public_id")),
    )
    with op.batch_alter_table("question") as batch_op:
        batch_op.create_index(batch_op.f("ix_question_event_id"), ["event_id"], unique=False)

    op.create_table(
        "answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question_text", sa.String(length=500), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("file", sa.LargeBinary(), nullable=True),
        sa.Column("file_type", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_answer_question_id")),
        sa.ForeignKeyConstraint(["registration_id"], ["registration.id"], name=op.f("fk_answer_registration_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer")),
        sa.UniqueConstraint("registration_id", "question_id", name=op.f("uq_answer_registration_id_question_id")),
    )
    with op.batch_alter_table("answer") as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_question_id"), ["question_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_registration_id"), ["registration_id"], unique=False)

    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.create_index("ix_audit_entry_subject", ["subject_kind", "subject_id"], unique=False)

    with op.batch_alter_table("event") as batch_op:
        batch_op.add_column(sa.Column("tiers", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("membership") as batch_op:
        batch_op.add_column(sa.Column("public_id", sa.String(length=26), nullable=True))
        batch_op.add_column(sa.Column("leaves_at_end", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.add_column(
            sa.Column("applicant_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("reason", sa.String(length=300), nullable=False, server_default=""))
        batch_op.add_column(
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
        )
        batch_op.add_column(sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(batch_op.f("ix_membership_plan_id"), ["plan_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_membership_applicant_id"), "person", ["applicant_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_membership_decided_by_id"), "person", ["decided_by_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_membership_plan_id"), "membership_plan", ["plan_id"], ["id"])
    give_memberships_public_ids()
    with op.batch_alter_table("membership") as batch_op:
        batch_op.alter_column("public_id", existing_type=sa.String(length=26), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_membership_public_id"), ["public_id"])

    with op.batch_alter_table("order") as batch_op:
        batch_op.add_column(sa.Column("tiers", sa.JSON(), nullable=False, server_default="[]"))

    with op.batch_alter_table("order_line") as batch_op:
        batch_op.add_column(
            sa.Column("voucher_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("fee_cents", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_index(batch_op.f("ix_order_line_voucher_id"), ["voucher_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_order_line_voucher_id"), "voucher", ["voucher_id"], ["id"])

    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("at_head", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(
            sa.Column("prerequisites_confirmed", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def give_memberships_public_ids() -> None:
    """Those that are there get a random one each, as the model gives new ones."""
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    table = sa.table("membership", sa.column("id", sa.BigInteger), sa.column("public_id", sa.String))
    connection = op.get_bind()
    for number in connection.scalars(sa.select(table.c.id)).all():
        public_id = "".join(secrets.choice(alphabet) for _ in range(26))
        connection.execute(table.update().where(table.c.id == number).values(public_id=public_id))


def downgrade() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_column("prerequisites_confirmed")
        batch_op.drop_column("at_head")

    with op.batch_alter_table("order_line") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_order_line_voucher_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_order_line_voucher_id"))
        batch_op.drop_column("fee_cents")
        batch_op.drop_column("voucher_id")

    with op.batch_alter_table("order") as batch_op:
        batch_op.drop_column("tiers")

    with op.batch_alter_table("membership") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_membership_plan_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_membership_decided_by_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_membership_applicant_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_membership_plan_id"))
        batch_op.drop_column("decided_by_id")
        batch_op.drop_column("decided_at")
        batch_op.drop_column("created_at")
        batch_op.drop_column("reason")
        batch_op.drop_column("applicant_id")
        batch_op.drop_column("plan_id")
        batch_op.drop_column("leaves_at_end")
        batch_op.drop_constraint(batch_op.f("uq_membership_public_id"), type_="unique")
        batch_op.drop_column("public_id")

    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("tiers")

    with op.batch_alter_table("audit_entry") as batch_op:
        batch_op.drop_index("ix_audit_entry_subject")

    with op.batch_alter_table("answer") as batch_op:
        batch_op.drop_index(batch_op.f("ix_answer_registration_id"))
        batch_op.drop_index(batch_op.f("ix_answer_question_id"))

    op.drop_table("answer")
    with op.batch_alter_table("question") as batch_op:
        batch_op.drop_index(batch_op.f("ix_question_event_id"))

    op.drop_table("question")
    with op.batch_alter_table("voucher") as batch_op:
        batch_op.drop_index(batch_op.f("ix_voucher_event_id"))
        batch_op.drop_index(batch_op.f("ix_voucher_area_id"))

    op.drop_table("voucher")
    with op.batch_alter_table("exemption_request") as batch_op:
        batch_op.drop_index(batch_op.f("ix_exemption_request_person_id"))

    op.drop_table("exemption_request")
    op.drop_table("membership_plan")
