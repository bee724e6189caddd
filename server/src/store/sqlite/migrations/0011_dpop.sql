-- Thumbprint of the key that must be proved with every use of the session's tokens.
ALTER TABLE sessions ADD COLUMN dpop_jkt TEXT;
