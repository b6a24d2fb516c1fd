from django.core.management.base import BaseCommand

from outbox import queue


class Command(BaseCommand):
    help = "Send the mail that is due; run it every minute."

    def handle(self, **_: object) -> None:
        queue.send_due()
