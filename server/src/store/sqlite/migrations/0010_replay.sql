-- Whether one external JWT opens one session ('once') or several ('off').
ALTER TABLE environments ADD COLUMN replay TEXT NOT NULL DEFAULT 'off';
