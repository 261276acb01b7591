-- The key that a passkey is verified by is written once (ASVS 6.7.1): a use changes its counter and its time, and nothing else of it.
revoke update on account_passkey from app_platform;
grant update (counter, used_at) on account_passkey to app_platform;
