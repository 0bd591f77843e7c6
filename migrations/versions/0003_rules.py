"""Rules of registration: what approval, prerequisites, the clock and fees of membership need to remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "course_prerequisite",
        sa.Column("course_id", number, nullable=False),
        sa.Column("required_id", number, nullable=False),
        sa.CheckConstraint("course_id <> required_id", name=op.f("ck_course_prerequisite_not_itself")),
        sa.ForeignKeyConstraint(["course_id"], ["course.id"], name=op.f("fk_course_prerequisite_course_id")),
        sa.ForeignKeyConstraint(["required_id"], ["course.id"], name=op.f("fk_course_prerequisite_required_id")),
        sa.PrimaryKeyConstraint("course_id", "required_id", name=op.f("pk_course_prerequisite")),
    )
    with op.batch_alter_table("course_prerequisite") as batch_op:
        batch_op.create_index(batch_op.f("ix_course_prerequisite_required_id"), ["required_id"], unique=False)

    with op.batch_alter_table("event") as batch_op:
        batch_op.add_column(sa.Column("approval_holds_place", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("at_tail", sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table("exemption_request") as batch_op:
        batch_op.add_column(sa.Column("asked_by_id", number, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_exemption_request_asked_by_id"), "person", ["asked_by_id"], ["id"])

    vouchers_and_students()
    remember_what_the_clock_said()
    files_that_wait()


def downgrade() -> None:
    op.drop_table("kept_file")
    forget_what_the_clock_said()
    without_vouchers_and_students()

    with op.batch_alter_table("exemption_request") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_exemption_request_asked_by_id"), type_="foreignkey")
        batch_op.drop_column("asked_by_id")

    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_column("at_tail")

    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("approval_holds_place")

    with op.batch_alter_table("course_prerequisite") as batch_op:
        batch_op.drop_index(batch_op.f("ix_course_prerequisite_required_id"))

    op.drop_table("course_prerequisite")


def vouchers_and_students() -> None:
    """Places kept for a voucher, which voucher a registration uses, and what a student says of their studies."""
    with op.batch_alter_table("quota") as batch_op:
        batch_op.add_column(sa.Column("kept", sa.Integer(), nullable=False, server_default="0"))
        batch_op.create_check_constraint(
            batch_op.f("ck_quota_kept_within_capacity"), "kept >= 0 AND taken + kept <= capacity"
        )
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(
            sa.Column("voucher_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("studies", sa.String(length=200), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_registration_voucher_id"), ["voucher_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_registration_voucher_id"), "voucher", ["voucher_id"], ["id"])


def without_vouchers_and_students() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_registration_voucher_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_registration_voucher_id"))
        batch_op.drop_column("studies")
        batch_op.drop_column("voucher_id")
    with op.batch_alter_table("quota") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_quota_kept_within_capacity"), type_="check")
        batch_op.drop_column("kept")


def remember_what_the_clock_said() -> None:
    with op.batch_alter_table("registration") as batch_op:
        batch_op.add_column(sa.Column("halfway_told_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("names_asked_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("event") as batch_op:
        batch_op.add_column(sa.Column("decision_asked_at", sa.DateTime(timezone=True), nullable=True))


def forget_what_the_clock_said() -> None:
    with op.batch_alter_table("event") as batch_op:
        batch_op.drop_column("decision_asked_at")

    with op.batch_alter_table("registration") as batch_op:
        batch_op.drop_column("names_asked_at")
        batch_op.drop_column("halfway_told_at")


def files_that_wait() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "kept_file",
        sa.Column("id", number, nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("question_id", number, nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("file_type", sa.String(length=100), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_kept_file_question_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_kept_file_public_id")),
    )
    with op.batch_alter_table("kept_file") as batch_op:
        batch_op.create_index(batch_op.f("ix_kept_file_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_kept_file_question_id"), ["question_id"], unique=False)
