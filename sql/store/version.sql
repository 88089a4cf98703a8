select version
from data.store_version;
