import unittest

import azure.functions as func
from __app__.Dequeue import store


class TestDequeue(unittest.TestCase):
    def test_the_message_is_told(self) -> None:
        self.assertEqual(store(func.QueueMessage(body=b"hi")), "stored hi")
