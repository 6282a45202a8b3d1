import unittest

import azure.functions as func
from __app__.store_order import store


class StoreOrderTest(unittest.TestCase):
    def test_writes_a_receipt(self):
        message = func.QueueMessage(body=b'{"id": "7", "order": {"tea": 2, "cake": 1}}')

        self.assertEqual(store(message), "Order 7: 11 euros")
