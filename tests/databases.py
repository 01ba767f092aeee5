"""An emptied PostgreSQL database: as good as a new one, and cheaper than making all tables."""

from sqlalchemy import Engine, inspect

from gateway.database.schema import metadata

_COUNT_FROM_ONE = """
DO $$ DECLARE used record; BEGIN
  FOR used IN SELECT sequencename FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
  LOOP EXECUTE 'ALTER SEQUENCE ' || quote_ident(used.sequencename) || ' RESTART'; END LOOP;
END $$
"""


def empty(engine: Engine) -> None:
    """Every table of the gateway, with nothing in it. Where they all stand already, only their rows
    go: dropping and making some fifty tables takes half a second.
    """
    if not metadata.tables.keys() <= set(inspect(engine).get_table_names()):
        metadata.drop_all(engine)
        metadata.create_all(engine)
        return
    children_first = reversed(metadata.sorted_tables)
    deletes = [str(table.delete().compile(engine)) for table in children_first]
    with engine.begin() as connection:
        connection.exec_driver_sql(";".join([*deletes, _COUNT_FROM_ONE]))
