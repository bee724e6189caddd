-- Scopes of the operations that need an elevated token, as JSON.
ALTER TABLE environments ADD COLUMN step_up TEXT NOT NULL DEFAULT '[]';
