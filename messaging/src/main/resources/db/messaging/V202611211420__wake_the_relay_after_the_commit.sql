-- A NOTIFY inside a transaction makes it wait, at its commit, for every other one that notifies.
-- Writers wake the relay after their commit instead.
drop trigger outbox_appended on outbox;
drop function notify_outbox();
