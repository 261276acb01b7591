-- The span that published the event (W3C Trace Context): whoever delivers it goes on with its trace. Null where there is none.
alter table outbox_event add column traceparent text;
