-- Users whose username is more than ASCII, for which this version has another key than the one before. SQL
-- cannot make it; the program does when it opens the database, and takes the rows away.
CREATE TABLE usernames_to_key (user_id UUID PRIMARY KEY);

INSERT INTO usernames_to_key
SELECT id FROM users WHERE char_length(username) <> octet_length(username);
