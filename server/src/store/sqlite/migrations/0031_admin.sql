-- What the admin API looks users up by.

CREATE INDEX users_by_environment ON users (environment_id, first_visit, id);
CREATE INDEX credentials_by_identifier ON credentials (environment_id, identifier);
