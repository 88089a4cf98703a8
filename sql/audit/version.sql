select version
from live._data.store_version
