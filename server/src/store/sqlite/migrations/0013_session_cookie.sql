-- Whether sessions live in a cookie that pages cannot read.
ALTER TABLE environments ADD COLUMN session_cookie INTEGER NOT NULL DEFAULT 0;
