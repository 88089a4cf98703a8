select version
from published._data.store_version
