"""Who reaches the simulated Application Auto Scaling: clients in the process, moto, raw HTTP."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError
from moto import mock_aws

from dynoresilience.testing import ScaledClock, SimulatedDynamoDB, SimulatorServer, VirtualClock
from dynoresilience.testing.in_process.aws_hosts import autoscaling_region, dynamodb_region

SERVICE = "application-autoscaling"
WRITES = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/orders",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}
ECS = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/default/web",
    "ScalableDimension": "ecs:service:DesiredCount",
}
ONCE = Config(retries={"total_max_attempts": 1})
CREDENTIALS = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}


def new(region: str = "us-east-1", **options: Any) -> Any:
    return boto3.client(SERVICE, region, config=ONCE, **CREDENTIALS, **options)


def targets(client: Any, namespace: str = "dynamodb") -> list[Any]:
    found: list[Any] = client.describe_scalable_targets(ServiceNamespace=namespace)[
        "ScalableTargets"
    ]
    return found


@pytest.mark.parametrize("around", ["no mock", "moto around it"])
def test_every_client_of_the_process_whenever_it_was_made(around: str) -> None:
    early = new()
    clock = VirtualClock()
    mock = mock_aws()
    if around != "no mock":
        mock.start()
    try:
        mocked = new()
        with SimulatedDynamoDB(clock=clock) as simulator:
            simulator.create_table("orders")
            mocked.register_scalable_target(**WRITES, MinCapacity=20, MaxCapacity=30)
            for client in (early, mocked, new(), simulator.autoscaling_client()):
                assert [each["MinCapacity"] for each in targets(client)] == [20]
            clock.advance(10)
            assert simulator.units("orders").write == 20
            assert simulator.calls["DescribeScalableTargets"] == 4
        if around != "no mock":
            assert targets(mocked) == []  # moto's, which knows of none
    finally:
        if around != "no mock":
            mock.stop()


def test_what_is_not_about_dynamodb_is_motos_as_ever() -> None:
    with SimulatedDynamoDB() as simulator:
        client = new()
        ecs = boto3.client("ecs", "us-east-1", **CREDENTIALS)
        ecs.create_cluster(clusterName="default")
        ecs.register_task_definition(
            family="web", containerDefinitions=[{"name": "web", "image": "web", "memory": 1}]
        )
        ecs.create_service(cluster="default", serviceName="web", taskDefinition="web")
        client.register_scalable_target(**ECS, MinCapacity=1, MaxCapacity=2)
        assert len(targets(client, "ecs")) == 1
        assert targets(client) == []
        assert simulator.calls == {"DescribeScalableTargets": 1}


def test_the_simulators_own_client_never_reaches_aws() -> None:
    simulator = SimulatedDynamoDB()
    with simulator:
        client = simulator.autoscaling_client()
        assert targets(client) == []
    with pytest.raises(RuntimeError, match="not started"):
        targets(client)


def test_a_frozen_endpoint_does_not_answer_it_either() -> None:
    clock = VirtualClock()
    with SimulatedDynamoDB(clock=clock) as simulator:
        client = simulator.autoscaling_client(config=ONCE.merge(Config(read_timeout=7)))
        simulator.freeze()
        with pytest.raises(ReadTimeoutError):
            targets(client)
        assert clock.monotonic() == 7
        simulator.thaw()
        assert targets(client) == []


@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("application-autoscaling.us-east-1.amazonaws.com", "us-east-1"),
        ("application-autoscaling-fips.us-east-1.amazonaws.com", "us-east-1"),
        ("application-autoscaling.us-east-1.api.aws", "us-east-1"),
        ("application-autoscaling.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ("vpce-1a.application-autoscaling.eu-west-1.vpce.amazonaws.com", "eu-west-1"),
        ("autoscaling.us-east-1.amazonaws.com", None),  # EC2's
        ("application-autoscaling.us-east-1.example.org", None),
        ("dynamodb.us-east-1.amazonaws.com", None),
    ],
)
def test_its_hosts(host: str, region: str | None) -> None:
    assert autoscaling_region(f"https://{host}/") == region
    if region is not None:
        assert dynamodb_region(f"https://{host}/") is None


# Over HTTP


def send(server: SimulatorServer, operation: str, body: Any) -> tuple[int, Any, Any]:
    """A request as any SDK sends it; status, headers and body of the answer."""
    answer = urllib3.request(
        "POST",
        server.url,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        headers={
            "X-Amz-Target": f"AnyScaleFrontendService.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        },
        retries=False,
    )
    return answer.status, answer.headers, answer.json()


def test_the_protocol() -> None:
    with SimulatorServer() as server:
        server.create_table("orders")
        new_target = {**WRITES, "MinCapacity": 5, "MaxCapacity": 10, "RoleARN": None}
        status, headers, body = send(server, "RegisterScalableTarget", new_target)
        assert (status, list(body)) == (200, ["ScalableTargetARN"])
        assert headers["content-type"] == "application/x-amz-json-1.1"
        status, headers, body = send(server, "DeregisterScalableTarget", {**WRITES, **ECS})
        assert (status, body["__type"]) == (400, "ValidationException")
        assert headers["content-type"] == "application/x-amz-json-1.1"
        [shown] = targets(new(endpoint_url=server.url))
        assert shown["MaxCapacity"] == 10


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("TagResource", {"ResourceARN": "x", "Tags": {}}, "UnknownOperationException"),
        ("PutItem", {"TableName": "orders", "Item": {}}, "UnknownOperationException"),
        ("DescribeScalableTargets", {}, "ValidationException"),
        ("DescribeScalableTargets", b"{", "ValidationException"),
        ("DescribeScalableTargets", b"", "ValidationException"),
        ("DescribeScalableTargets", [], "ValidationException"),
        ("RegisterScalableTarget", {**WRITES, "MinCapacity": "5"}, "ValidationException"),
        ("RegisterScalableTarget", {**WRITES, "MinCapacity": [5]}, "ValidationException"),
    ],
)
def test_what_can_not_be_understood_is_refused(operation: str, body: Any, code: str) -> None:
    with SimulatorServer() as server:
        status, _, answer = send(server, operation, body)
        assert (status, answer["__type"]) == (400, code)
        assert answer["Message"]
        assert not server.calls


def test_an_idle_table_is_taken_back_in_real_time() -> None:
    with SimulatorServer(clock=ScaledClock(100), manual_raise_seconds=85) as server:
        server.create_table("orders")
        client = server.autoscaling_client()
        client.register_scalable_target(**WRITES, MinCapacity=5, MaxCapacity=100)
        client.put_scaling_policy(
            **WRITES,
            PolicyName="track",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": 70.0,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "DynamoDBWriteCapacityUtilization"
                },
            },
        )
        server.client().update_table(
            TableName="orders",
            ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 50},
        )
        deadline = time.monotonic() + 30
        while len(server.updates) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        by_hand, back = server.updates
        assert back.autoscaled
        assert back.after[None].write == 5
        assert back.at - by_hand.at == pytest.approx(87, abs=0.01)  # the change takes 2 s
        calls = {"CreateTable", "UpdateTable", "RegisterScalableTarget", "PutScalingPolicy"}
        assert set(server.calls) == calls


def test_access_can_be_denied_by_another_process() -> None:
    with SimulatorServer() as server:
        order = {"operations": ["application-autoscaling:*"]}
        url = f"{server.url}/_simulator/deny"
        assert urllib3.request("POST", url, json=order, retries=False).status == 200
        with pytest.raises(ClientError, match="AccessDeniedException"):
            targets(server.autoscaling_client(config=ONCE))
        updates = urllib3.request("GET", f"{server.url}/_simulator/updates", retries=False)
        assert updates.json() == {"result": []}
