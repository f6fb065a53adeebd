"""One flow with two tasks: what a Prefect client sends for it all passes the gate."""

from prefect import flow, task


@task
def fetch() -> int:
    return 21


@task
def double(number: int) -> int:
    return 2 * number


@flow(name="bearergate-demo")
def demo() -> int:
    return double(fetch())


if __name__ == "__main__":
    print(f"the flow returned {demo()}")
