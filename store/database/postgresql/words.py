"""The tables of PostgreSQL in which lines are found by words, by letters and by sound.

A line has its terms in an array: its words, or three letters at a time, in order and as often as
they occur. GIN indexes find the lines with a term. How many lines have a term stands in
`line_term`, and how many lines and terms there are in `line_total`, because BM25 needs these
numbers, and to count them would read all lines with a frequent term. Triggers keep them in step,
whoever changes a line; a cascade from a deleted video fires them as well. One transaction after
the other changes the numbers: the lock ends with it.

New lines go into the GIN indexes at once (`fastupdate = off`): a list of waiting ones would be
read by every query from its beginning to its end.
"""

# The columns with terms, by the kind of these.
TERM_COLUMNS = {
    "lyric_index": {"lyric_word": "words", "lyric_gram": "grams"},
    "ocr_index": {"ocr_word": "words", "ocr_gram": "grams"},
    "lyric_sound": {"lyric_sound": "terms"},
}

_COUNTS = (
    'CREATE TABLE line_term (kind text COLLATE "C" NOT NULL, term text COLLATE "C" NOT NULL,'
    " n bigint NOT NULL, CONSTRAINT pk_line_term PRIMARY KEY (kind, term)) WITH (fillfactor = 70)",
    'CREATE TABLE line_total (kind text COLLATE "C" NOT NULL, n_lines bigint NOT NULL,'
    " n_terms bigint NOT NULL, CONSTRAINT pk_line_total PRIMARY KEY (kind))",
    """CREATE FUNCTION count_line_terms() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sign integer := TG_ARGV[0];
BEGIN
    IF NOT EXISTS (SELECT FROM changed) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('mvsearch line_term ' || TG_TABLE_SCHEMA, 0));
    -- Kinds of terms, and the columns that hold them.
    FOR at IN 1 .. TG_NARGS - 1 BY 2 LOOP
        EXECUTE replace(
            'MERGE INTO line_term AS known USING (SELECT term, count(*) * $1 AS n'
            ' FROM (SELECT DISTINCT id, unnest(terms) AS term FROM changed) AS held'
            ' GROUP BY term) AS new'
            ' ON known.kind = $2 AND known.term = new.term'
            ' WHEN MATCHED AND known.n + new.n <= 0 THEN DELETE'
            ' WHEN MATCHED THEN UPDATE SET n = known.n + new.n'
            ' WHEN NOT MATCHED THEN INSERT VALUES ($2, new.term, new.n)',
            'unnest(terms)', 'unnest(' || quote_ident(TG_ARGV[at + 1]) || ')')
            USING sign, TG_ARGV[at];
        EXECUTE replace(
            'INSERT INTO line_total SELECT $2, count(*) * $1, sum(cardinality(terms)) * $1'
            ' FROM changed ON CONFLICT (kind) DO UPDATE SET'
            ' n_lines = line_total.n_lines + excluded.n_lines,'
            ' n_terms = line_total.n_terms + excluded.n_terms',
            'cardinality(terms)', 'cardinality(' || quote_ident(TG_ARGV[at + 1]) || ')')
            USING sign, TG_ARGV[at];
    END LOOP;
    RETURN NULL;
END $$""",
    """CREATE FUNCTION cut_threes(letters text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    -- No line that an index run writes sounds longer.
    each text[] := string_to_array(left(letters, 20000), NULL);
BEGIN
    RETURN ARRAY(SELECT each[at] || each[at + 1] || each[at + 2]
        FROM generate_series(1, cardinality(each) - 2) AS at ORDER BY at);
END $$""",
)
_SOUNDS = (
    "CREATE TABLE lyric_sound (id bigint GENERATED ALWAYS AS IDENTITY,"
    ' video_id varchar(128) COLLATE "C" NOT NULL REFERENCES lyrics (video_id) ON DELETE CASCADE,'
    ' position integer NOT NULL, reading text COLLATE "C" NOT NULL,'
    ' revision text COLLATE "C" NOT NULL, sounds text COLLATE "C" NOT NULL,'
    ' grams text COLLATE "C" NOT NULL,'
    ' terms text[] COLLATE "C" NOT NULL GENERATED ALWAYS AS (cut_threes(grams)) STORED,'
    " CONSTRAINT pk_lyric_sound PRIMARY KEY (id),"
    " CONSTRAINT uq_lyric_sound_video_id UNIQUE (video_id, position))",
    "CREATE INDEX ix_lyric_sound_reading ON lyric_sound (reading)",
)


def _make_table(lines: str, parent: str) -> str:
    return (
        f"CREATE TABLE {lines}_index (id bigint GENERATED ALWAYS AS IDENTITY,"
        f' video_id varchar(128) COLLATE "C" NOT NULL REFERENCES {parent} ON DELETE CASCADE,'
        ' position integer NOT NULL, words text[] COLLATE "C" NOT NULL,'
        ' grams text[] COLLATE "C" NOT NULL,'
        f" CONSTRAINT pk_{lines}_index PRIMARY KEY (id),"
        f" CONSTRAINT uq_{lines}_index_video_id UNIQUE (video_id, position))"
    )


def _count_terms(table: str) -> list[str]:
    """The triggers that count the terms of a table, by their kinds."""
    kinds = ", ".join(f"'{kind}', '{column}'" for kind, column in TERM_COLUMNS[table].items())
    return [
        f"CREATE TRIGGER count_{event.lower()}_{rows.lower()} AFTER {event} ON {table}"
        f" REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT"
        f" EXECUTE FUNCTION count_line_terms('{sign}', {kinds})"
        for event, rows, sign in (
            *(("INSERT", "NEW", 1), ("DELETE", "OLD", -1)),
            *(("UPDATE", "OLD", -1), ("UPDATE", "NEW", 1)),
        )
    ]


def drop_indexes(table: str) -> list[str]:
    """Statements that drop the GIN indexes of a table, before very many lines are written."""
    return [f"DROP INDEX IF EXISTS ix_{table}_{column}" for column in TERM_COLUMNS[table].values()]


def make_indexes(table: str) -> list[str]:
    """Statements that make the GIN indexes of a table."""
    return [
        f"CREATE INDEX IF NOT EXISTS ix_{table}_{column} ON {table}"
        f" USING gin ({column}) WITH (fastupdate = off)"
        for column in TERM_COLUMNS[table].values()
    ]


# Run in order, in the schema of the library, once the tables of the models are there.
WORD_STATEMENTS: tuple[str, ...] = (
    *_COUNTS,
    _make_table("lyric", "lyrics (video_id)"),
    _make_table("ocr", "video (id)"),
    *_SOUNDS,
    *(each for table in TERM_COLUMNS for each in (*make_indexes(table), *_count_terms(table))),
)
