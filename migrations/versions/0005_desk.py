"""The desk: files for the bank that pay refunds, and which refund stands in which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    files_for_the_bank()


def downgrade() -> None:
    with op.batch_alter_table("refund") as batch_op:
        batch_op.drop_index(batch_op.f("ix_refund_file_id"))
        batch_op.drop_constraint(batch_op.f("fk_refund_file_id"), type_="foreignkey")
        batch_op.drop_column("file_id")

    op.drop_table("refund_file")


def files_for_the_bank() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "refund_file",
        sa.Column("id", number, nullable=False),
        sa.Column("public_id", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=34), nullable=False),
        sa.Column("executes_on", sa.Date(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by_id", number, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by_id", number, nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("transfers > 0 AND cents > 0", name=op.f("ck_refund_file_positive")),
        sa.ForeignKeyConstraint(["created_by_id"], ["person.id"], name=op.f("fk_refund_file_created_by_id")),
        sa.ForeignKeyConstraint(["withdrawn_by_id"], ["person.id"], name=op.f("fk_refund_file_withdrawn_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_file")),
        sa.UniqueConstraint("public_id", name=op.f("uq_refund_file_public_id")),
    )
    with op.batch_alter_table("refund") as batch_op:
        batch_op.add_column(sa.Column("file_id", number, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_refund_file_id"), "refund_file", ["file_id"], ["id"])
        batch_op.create_index(batch_op.f("ix_refund_file_id"), ["file_id"], unique=False)
