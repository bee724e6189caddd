-- Servers that share the database hear which environment has changed: its row, its issuers and its keys,
-- since whoever changes one of those raises the row's revision. Each schema has a channel of its own.
CREATE FUNCTION announce_environment() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN
        PERFORM pg_notify(''byoa_'' || md5(TG_TABLE_SCHEMA), coalesce(NEW.id, OLD.id)::text);
        RETURN NULL;
    END';
CREATE TRIGGER environments_are_announced AFTER INSERT OR UPDATE OR DELETE ON environments
    FOR EACH ROW EXECUTE FUNCTION announce_environment();
