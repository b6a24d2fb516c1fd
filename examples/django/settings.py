SECRET_KEY = "only an example"  # noqa: S105
INSTALLED_APPS = ["outbox"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "outbox.sqlite3"}}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

EMAIL_HOST = "localhost"  # in a test, the fixture `inbox` points these at the sandbox
EMAIL_PORT = 1025
DEFAULT_FROM_EMAIL = "shop@example.com"
