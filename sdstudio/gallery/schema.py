"""The tables of the index and the steps that lead from one version of them to the next.

A picture's `id` is the microsecond it was made, moved on to the next free one: so the newest
come first by id alone, a span of days is a span of ids, and full-text search, which answers in
the order of ids, needs no sorting however many pictures there are.
"""

from __future__ import annotations

import sqlite3

LONGEST_PREFIX = 3
"""Beginnings of words up to this long are kept ready by FTS5."""

_PICTURES = """
CREATE TABLE folders (
    path TEXT PRIMARY KEY,
    marks_stamp TEXT NOT NULL DEFAULT ''
);
CREATE TABLE pictures (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    folder TEXT NOT NULL,
    mtime_ns INTEGER NOT NULL,
    num_bytes INTEGER NOT NULL,
    identity TEXT NOT NULL DEFAULT '',
    format TEXT NOT NULL DEFAULT '',
    width INTEGER NOT NULL DEFAULT 0,
    height INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL DEFAULT '',
    prompt TEXT NOT NULL DEFAULT '',
    negative_prompt TEXT NOT NULL DEFAULT '',
    model TEXT NOT NULL DEFAULT '',
    sampler TEXT NOT NULL DEFAULT '',
    steps INTEGER,
    guidance_scale REAL,
    seed TEXT NOT NULL DEFAULT '',
    parents TEXT NOT NULL DEFAULT '',
    fault TEXT NOT NULL DEFAULT '',
    rating INTEGER NOT NULL DEFAULT 0,
    label TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX pictures_by_size ON pictures (width, height);
CREATE INDEX pictures_by_seed ON pictures (seed) WHERE seed <> '';
CREATE INDEX pictures_by_rating ON pictures (rating) WHERE rating > 0;
CREATE INDEX pictures_by_label ON pictures (label) WHERE label <> '';
CREATE INDEX pictures_with_faults ON pictures (id) WHERE fault <> '';
CREATE TABLE boards (
    board TEXT NOT NULL,
    picture_id INTEGER NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    PRIMARY KEY (board, picture_id)
) WITHOUT ROWID;
CREATE INDEX boards_by_picture ON boards (picture_id);
"""

_MARKS_AND_TRIGGERS = """
DROP TRIGGER IF EXISTS words_of_new;
DROP TRIGGER IF EXISTS words_of_gone;
DROP TRIGGER IF EXISTS words_of_changed;
DROP INDEX IF EXISTS pictures_by_folder;
DROP INDEX IF EXISTS pictures_by_identity;
CREATE INDEX pictures_with_marks ON pictures (folder)
    WHERE rating <> 0 OR label <> '' OR note <> '';
CREATE INDEX pictures_with_parents ON pictures (parents) WHERE parents <> '';
CREATE INDEX boards_by_name ON boards (board COLLATE NOCASE, picture_id);
INSERT OR IGNORE INTO folders (path) SELECT DISTINCT folder FROM pictures;
CREATE TRIGGER words_of_gone AFTER DELETE ON pictures BEGIN
    INSERT INTO words (words, rowid, prompt, negative_prompt, note, model, sampler, source)
    VALUES ('delete', old.id, old.prompt, old.negative_prompt, old.note, old.model, old.sampler,
        old.source);
END;
CREATE TRIGGER words_of_changed
AFTER UPDATE OF prompt, negative_prompt, note, model, sampler, source ON pictures
WHEN (old.prompt, old.negative_prompt, old.note, old.model, old.sampler, old.source)
    IS NOT (new.prompt, new.negative_prompt, new.note, new.model, new.sampler, new.source)
BEGIN
    INSERT INTO words (words, rowid, prompt, negative_prompt, note, model, sampler, source)
    VALUES ('delete', old.id, old.prompt, old.negative_prompt, old.note, old.model, old.sampler,
        old.source);
    INSERT INTO words (rowid, prompt, negative_prompt, note, model, sampler, source)
    VALUES (new.id, new.prompt, new.negative_prompt, new.note, new.model, new.sampler, new.source);
END;
"""
"""No trigger tells `words` of new rows: FTS5 writes a segment for each row of a statement that
has one (`fts5SavepointMethod`), at four times the cost of a row; `words_of` does many at once."""

_WORDS = """
DROP TABLE IF EXISTS vocabulary;
DROP TABLE IF EXISTS words;
CREATE VIRTUAL TABLE words USING fts5 (
    prompt, negative_prompt, note, model, sampler, source,
    content='pictures', content_rowid='id', columnsize=0,
    tokenize="unicode61 remove_diacritics 2", prefix='1 2 3'
);
INSERT INTO words (words, rank) VALUES ('automerge', 8);
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, instance);
INSERT INTO words (words) VALUES ('rebuild');
"""
"""The lengths of columns are not kept: they serve an order by relevance, and cost a quarter."""

WORD_COLUMNS = "prompt, negative_prompt, note, model, sampler, source"

MIGRATIONS = (_PICTURES, _MARKS_AND_TRIGGERS, _WORDS)
"""Step k leads from version k to k + 1."""

VERSION = len(MIGRATIONS)


def version_of(connection: sqlite3.Connection) -> int:
    """The version of an index file's tables, 0 where it has none yet."""
    return connection.execute("PRAGMA user_version").fetchone()[0]


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to `VERSION`; several processes may try at once."""
    while version_of(connection) < VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection)
            if version < VERSION:
                for statement in _statements(MIGRATIONS[version]):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _statements(script: str) -> list[str]:
    """The single statements of a script: `executescript` would commit behind our back."""
    statements, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            statements.append(current)
            current = ""
    return [statement for statement in statements if statement.strip()]
