"""Databases that are as empty as new ones, and cost a test less than making every table again."""

from sqlalchemy import Engine, inspect

from gateway.database.schema import metadata


def empty(engine: Engine) -> None:
    """Every table of the gateway, with nothing in it. Where they all stand already, only their rows
    go: dropping and making some fifty tables takes PostgreSQL half a second.
    """
    if not metadata.tables.keys() <= set(inspect(engine).get_table_names()):
        metadata.drop_all(engine)
        metadata.create_all(engine)
        return
    children_first = reversed(metadata.sorted_tables)
    with engine.begin() as connection:
        deletes = [str(table.delete().compile(engine)) for table in children_first]
        connection.exec_driver_sql(";".join(deletes))
