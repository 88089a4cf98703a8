select version
from published.data.store_version
