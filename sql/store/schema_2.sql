-- The store, version 2: what was delivered. Brings a store of version 1 there; nothing that it holds is changed.

create table _data.delivery (
    file            varchar not null,
    sha256          varchar not null,
    sent_as         varchar not null,
    sent_sha256     varchar not null,
    target          varchar not null,
    delivered_ts    bigint not null
);

create view delivery as
select file, sha256, sent_as, sent_sha256, target, to_timestamp(delivered_ts) as delivered_at
from _data.delivery;

comment on view delivery is 'Every data file, manifest and signature that was delivered; a manifest once more where its state moved';
comment on column delivery.file is 'Name of the file as it was issued';
comment on column delivery.sha256 is 'Of the file as it was issued';
comment on column delivery.sent_as is 'Its name where it was delivered to: with .age where it was encrypted';
comment on column delivery.sent_sha256 is 'Of what was sent, and read back there';
comment on column delivery.target is 'Folder, or sftp://user@host:port and the folder there';

update _data.store_version set version = 2;
