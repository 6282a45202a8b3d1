import pytest


def test_an_order_becomes_a_receipt(func_app):
    response = func_app.post("/api/orders/7", json={"tea": 2, "cake": 1})

    assert response.status_code == 202
    assert func_app.blob("receipts/7.txt").text() == "Order 7: 11 euros"


def test_what_is_not_sold_ends_in_the_poison_queue(func_app):
    with pytest.raises(KeyError, match="coffee"):
        func_app.post("/api/orders/8", json={"coffee": 1})

    (message,) = func_app.queue("orders").poison.messages()
    assert message.json()["order"] == {"coffee": 1}
    assert len(func_app.failures) == 1


def test_tidies_up_every_night(func_app):
    func_app.advance(days=3)

    assert func_app.queue("reports").messages() == ["tidied up"] * 3


def test_tells_when_it_is_late(func_app):
    assert func_app.timer("tidy_up").fire(past_due=True).outputs == {"$return": "tidied up late"}
