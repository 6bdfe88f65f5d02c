"""Starts moto's server with what it does not do by itself. Whoever calls may do everything, says IAM,
and besides the quotas of networks, those of a new account are known. As for its CloudFormation: a stack that was made or
changed by a change set has its outputs, what is in it the tags of the stack, one whose change fails loses what was made for it, stacks
can be protected, applications of EMR Serverless are made and removed, and a network whose parts moto cannot take apart does not keep its stack."""

import json
import sys

from moto.cloudformation import models, responses
from moto.core.common_models import CloudFormationModel
from moto.core.responses import ActionResult
from moto.emrserverless.models import Application, emrserverless_backends
from moto.iam.responses import IamResponse
from moto.kms.models import Key
from moto.resourcegroupstaggingapi.models import resourcegroupstaggingapi_backends
from moto.server import main
from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

apply = models.ChangeSet.apply
execute = models.CloudFormationBackend.execute_change_set
delete = models.Stack.delete


def apply_with_outputs(self):
    apply(self)
    stack = self.stack
    stack.template, stack.template_dict, stack.parameters = self.template, self.template_dict, self.parameters
    stack.output_map = stack._create_output_map()
    tagging = resourcegroupstaggingapi_backends[stack.account_id][stack.region_name]
    for made in stack.resource_map._parsed_resources.values():
        arn = getattr(made, "arn", None)
        if made is not None and isinstance(arn, str) and self.tags:
            try:
                tagging.tag_resources([arn], self.tags)
            except Exception:  # a kind of thing that moto cannot tag
                pass
        if isinstance(made, Key) and isinstance(made.policy, dict):
            made.policy = json.dumps(made.policy)  # moto reads it as text


def execute_or_roll_back(self, change_set_name, stack_name=None):
    sets = self.change_sets
    change = sets.get(change_set_name) or next(c for c in sets.values() if c.change_set_name == change_set_name)
    stack = self.stacks[change.stack_id]
    resources = stack.resource_map
    fields = "_template", "_resource_json_map", "input_parameters"
    before = [getattr(resources, f) for f in fields]
    parsed = dict(resources._parsed_resources)
    try:
        execute(self, change_set_name, stack_name)
    except Exception as e:
        verb = "" if change.change_set_type == "CREATE" else "UPDATE_"
        stack._add_stack_event(verb + "ROLLBACK_IN_PROGRESS", resource_status_reason=str(e) or repr(e))
        for name, made in resources._parsed_resources.items():
            if name not in parsed and name in resources._resource_json_map and not isinstance(made, str):
                resources._delete_resource(made, resources._resource_json_map[name])
        resources._parsed_resources = parsed
        for field, value in zip(fields, before):
            setattr(resources, field, value)
        stack.status = verb + "ROLLBACK_COMPLETE"
        stack._add_stack_event(stack.status)
        change.execution_status = "EXECUTE_FAILED"


def protect(self):
    name = self._get_param("StackName")
    stack = next(s for s in self.cloudformation_backend.stacks.values() if name in (s.name, s.stack_id))
    stack.enable_termination_protection = self._get_param("EnableTerminationProtection") in (True, "true")
    return ActionResult({"StackId": stack.stack_id})


def delete_what_can_be(self):
    try:
        delete(self)
    except Exception as e:
        if "DependencyViolation" not in repr(e) and "has dependencies" not in str(e):
            raise
        self._add_stack_event("DELETE_COMPLETE")
        self.status = "DELETE_COMPLETE"


class SparkApplication(CloudFormationModel):
    """AWS::EMRServerless::Application. The release is left out: moto knows none since 8.0."""

    __module__ = "moto.emrserverless.models"  # by which moto finds the service

    def __init__(self, application):
        self.application, self.arn = application, application.arn

    @property
    def physical_resource_id(self):
        return self.application.id

    @staticmethod
    def cloudformation_name_type():
        return "Name"

    @staticmethod
    def cloudformation_type():
        return "AWS::EMRServerless::Application"

    @classmethod
    def has_cfn_attr(cls, attr):
        return attr == "Arn"

    def get_cfn_attribute(self, attribute_name):
        return self.arn

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        application = Application(
            name=resource_name, release_label="emr-7.2.0", application_type="SPARK", client_token="", account_id=account_id, region_name=region_name,
            initial_capacity="", maximum_capacity="", tags={}, auto_start_configuration="", auto_stop_configuration="", network_configuration=None,
        )
        application.state = "STOPPED"
        emrserverless_backends[account_id][region_name].applications[application.id] = application
        return cls(application)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        emrserverless_backends[account_id][region_name].delete_application(resource_name)


def simulate(self):
    params = {k: v for k, v in self.querystring.items() if k.startswith("ActionNames")}
    results = [{"EvalActionName": v[0], "EvalDecision": "allowed"} for v in params.values()]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


quota = ServiceQuotasBackend.get_service_quota
quotas = {"L-1216C47A": 640.0, "L-34B43A08": 640.0, "L-D05C8A75": 16.0}


def quota_or_ours(self, service_code, quota_code):
    if quota_code in quotas:
        return {"ServiceCode": service_code, "QuotaCode": quota_code, "Value": quotas[quota_code]}
    return quota(self, service_code, quota_code)


def no_default(self):
    raise NoSuchResource


IamResponse.simulate_principal_policy = simulate
ServiceQuotasResponse.get_aws_default_service_quota = no_default
ServiceQuotasBackend.get_service_quota = quota_or_ours
models.Stack.delete = delete_what_can_be
responses.CloudFormationResponse.update_termination_protection = protect
models.ChangeSet.apply = apply_with_outputs
models.CloudFormationBackend.execute_change_set = execute_or_roll_back
sys.exit(main())
