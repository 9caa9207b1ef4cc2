-- The catalog of images.  Times are RFC 3339 UTC text; digests are lower-case
-- hexadecimal SHA-256.  Assignments and events are only ever appended.

CREATE TABLE bucket (
    id            INTEGER PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    description   TEXT,
    last_sequence INTEGER NOT NULL DEFAULT 0, -- never reused, even after a removal
    created_at    TEXT NOT NULL
);

CREATE TABLE version (
    id              INTEGER PRIMARY KEY,
    bucket_id       INTEGER NOT NULL REFERENCES bucket (id) ON DELETE CASCADE,
    fingerprint     TEXT NOT NULL UNIQUE,
    sequence        INTEGER NOT NULL,
    created_at      TEXT NOT NULL,
    builder         TEXT NOT NULL,
    build_name      TEXT,
    run_uuid        TEXT,
    arch            TEXT,
    os              TEXT,
    firmware        TEXT,
    template_path   TEXT,
    template_sha256 TEXT,
    source          TEXT,
    build_seconds   INTEGER NOT NULL DEFAULT 0,
    metadata        TEXT,
    UNIQUE (bucket_id, sequence)
);

CREATE TABLE artifact (
    id           INTEGER PRIMARY KEY,
    version_id   INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    sha256       TEXT NOT NULL CHECK (length(sha256) = 64),
    size         INTEGER NOT NULL,
    virtual_size INTEGER NOT NULL,
    format       TEXT NOT NULL,
    UNIQUE (version_id, name)
);
CREATE INDEX artifact_sha256 ON artifact (sha256);

-- What a version was made from.  Bucket and fingerprint stay when the parent
-- itself is removed by force, or was never in this catalog.
CREATE TABLE parent_edge (
    version_id  INTEGER PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE,
    parent_id   INTEGER REFERENCES version (id) ON DELETE SET NULL,
    bucket      TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    channel     TEXT,
    sha256      TEXT
);
CREATE INDEX parent_edge_parent ON parent_edge (parent_id);

CREATE TABLE channel (
    id        INTEGER PRIMARY KEY,
    bucket_id INTEGER NOT NULL REFERENCES bucket (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    managed   INTEGER NOT NULL DEFAULT 0, -- `latest`: moved by imgfac alone
    UNIQUE (bucket_id, name)
);

CREATE TABLE channel_assignment (
    id          INTEGER PRIMARY KEY,
    channel_id  INTEGER NOT NULL REFERENCES channel (id) ON DELETE CASCADE,
    version_id  INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    assigned_at TEXT NOT NULL,
    author      TEXT NOT NULL,
    reason      TEXT
);
CREATE INDEX channel_assignment_channel ON channel_assignment (channel_id, id);

CREATE TABLE revocation (
    version_id     INTEGER PRIMARY KEY REFERENCES version (id) ON DELETE CASCADE,
    revoke_at      TEXT NOT NULL, -- takes effect by reading the clock
    message        TEXT NOT NULL,
    author         TEXT NOT NULL,
    inherited_from INTEGER REFERENCES version (id) ON DELETE SET NULL
);

CREATE TABLE label (
    version_id INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    value      TEXT NOT NULL,
    PRIMARY KEY (version_id, name)
) WITHOUT ROWID;

CREATE TABLE event (
    id      INTEGER PRIMARY KEY,
    at      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    author  TEXT NOT NULL,
    bucket  TEXT NOT NULL,
    version TEXT, -- fingerprint
    detail  TEXT
);

-- Where each channel points now: its newest assignment to a version that is
-- not revoked at this moment.
CREATE VIEW channel_current AS
SELECT c.id AS channel_id, c.bucket_id, c.name, c.managed,
       (SELECT a.version_id
          FROM channel_assignment a
          LEFT JOIN revocation r ON r.version_id = a.version_id
                AND r.revoke_at <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
         WHERE a.channel_id = c.id AND r.version_id IS NULL
         ORDER BY a.id DESC LIMIT 1) AS version_id
  FROM channel c;
