"""The database: one MetaData, one way to open it, one fair queue of writes, and the migrations."""
