"""Whether the caller is the patient, and to which hospitals their own facts were disclosed."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "emergencies",
        sa.Column("caller_is_patient", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.create_table(
        "disclosures",
        sa.Column(
            "dispatch_id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dispatch_id"], ["dispatches.id"], name=op.f("fk_disclosures_dispatch_id")
        ),
        sa.PrimaryKeyConstraint("dispatch_id", name=op.f("pk_disclosures")),
    )
