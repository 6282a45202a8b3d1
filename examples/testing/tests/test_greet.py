import unittest

import azure.functions as func
from __app__.greet import greet


class GreetTest(unittest.TestCase):
    def test_greets_by_name(self):
        request = func.HttpRequest(
            method="GET", url="/api/greet", body=None, params={"name": "Ada"}
        )

        response = greet(request)

        self.assertEqual(response.get_body(), b"Good day, Ada.")

    def test_asks_for_a_name(self):
        response = greet(func.HttpRequest(method="GET", url="/api/greet", body=b""))

        self.assertEqual(response.status_code, 400)
