import unittest

import azure.functions as func
from __app__.Welcome import main


class TestWelcome(unittest.TestCase):
    def test_a_name_in_the_query(self) -> None:
        request = func.HttpRequest(
            method="GET", url="/api/Welcome", params={"name": "Ada"}, body=b""
        )
        self.assertEqual(main(request).get_body(), b"Welcome, Ada!")
