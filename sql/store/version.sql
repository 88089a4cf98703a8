select version
from _data.store_version;
