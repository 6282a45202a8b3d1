import unittest

from lazulite.testing import FunctionAppTestCase


class OrdersTest(FunctionAppTestCase):
    app = "../__app__"

    def test_an_order_is_answered_at_once(self):
        response = self.client.post("/api/orders/9", json={"tea": 1})

        self.assertEqual((response.status_code, response.text), (202, "Thank you."))

    def test_the_price_is_logged(self):
        self.client.queue("orders").send({"id": "10", "order": {"cake": 2}})

        self.assertIn("Order 10 costs 10", [record.message for record in self.client.logs])


if __name__ == "__main__":
    unittest.main()
