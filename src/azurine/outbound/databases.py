"""Does a database answer? A connection is opened and closed again; nothing is asked of it but that."""

from azurine.model import errors

PATIENCE = 10
"""Seconds for SQLite's locks; other engines have their own time-outs."""


def greet(url: str) -> None:
    """Raises errors.Invalid for a URL that is none, errors.Unsupported when its driver is not installed, errors.Temporary when nobody answers."""
    # Imported here: a server without databases of others needs none of it.
    import sqlalchemy as sa
    from sqlalchemy.pool import NullPool

    try:
        parsed = sa.make_url(url)
        given = {"timeout": PATIENCE, "uri": True} if parsed.get_backend_name() == "sqlite" else {}
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            # Asked read only, else a file that is not there would be made by asking.
            parsed = parsed.set(database=f"file:{parsed.database}", query={"mode": "ro", "uri": "true"})
        engine = sa.create_engine(parsed, poolclass=NullPool, connect_args=given)
    except (ImportError, sa.exc.NoSuchModuleError) as problem:
        raise errors.Unsupported(f"The driver of this database is not installed: {problem}.", code="MissingPackage") from problem
    except sa.exc.ArgumentError as problem:
        raise errors.Invalid("This is not the URL of a database; sqlite:////data/shop.db would be one.", code="InvalidUrl") from problem
    try:
        with engine.connect():
            pass
    except sa.exc.SQLAlchemyError as problem:
        raise errors.Temporary(f"The database does not answer: {getattr(problem, 'orig', None) or problem}", code="ConnectionFailed") from problem
    finally:
        engine.dispose()
