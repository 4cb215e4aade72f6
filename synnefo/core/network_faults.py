"""What can be wrong with a request to the network service, by the names that its clients know.

The name of a class is the `type` of the fault's body.
"""

from synnefo.core.faults import BadRequest, Conflict, Forbidden, NotFound


class NetworkNotFound(NotFound):
    """No such network, or not the caller's."""


class SubnetNotFound(NotFound):
    """No such subnet, or not the caller's."""


class PortNotFound(NotFound):
    """No such port, or not the caller's."""


class RouterNotFound(NotFound):
    """No such router, or not the caller's."""


class FloatingIPNotFound(NotFound):
    """No such floating address, or not the caller's."""


class SecurityGroupNotFound(NotFound):
    """No such security group, or not the caller's."""


class SecurityGroupRuleNotFound(NotFound):
    """No such rule, or not the caller's."""


class SubnetPoolNotFound(NotFound):
    """No such subnet pool, or not the caller's."""


class AddressScopeNotFound(NotFound):
    """No such address scope, or not the caller's."""


class AddressGroupNotFound(NotFound):
    """No such address group, or not the caller's."""


class DefaultSecurityGroupRuleNotFound(NotFound):
    """New groups begin with no such rule."""


class AddressesNotFound(NotFound):
    """The group does not have these addresses."""


class AddressesAlreadyExist(BadRequest):
    """The group has these addresses already."""


class RbacPolicyNotFound(NotFound):
    """No such RBAC policy, or not the caller's."""


class TagNotFound(NotFound):
    """The resource has no such tag."""


class AgentNotFound(NotFound):
    """No such agent."""


class RouterInterfaceNotFound(NotFound):
    """The router has no such port."""


class RouterInterfaceNotFoundForSubnet(NotFound):
    """The router has no port in the subnet."""


class ExternalGatewayForFloatingIPNotFound(NotFound):
    """No router leads from the subnet to the external network."""


class PolicyNotAuthorized(Forbidden):
    """The caller sees this but may not change it."""


class NetworkInUse(Conflict):
    """Ports are on the network."""


class SubnetInUse(Conflict):
    """Ports have addresses of the subnet."""


class GatewayIpInUse(Conflict):
    """A router has the gateway's address."""


class SubnetPoolInUse(Conflict):
    """Subnets were cut from the pool."""


class AddressScopeInUse(Conflict):
    """Subnet pools are in the scope."""


class AddressGroupInUse(Conflict):
    """Rules of security groups name the group."""


class PortInUse(Conflict):
    """A device has the port."""


class L3PortInUse(Conflict):
    """A router or a floating address has the port, and only these give it back."""


class MacAddressInUse(Conflict):
    """A port of the network has this MAC address."""


class IpAddressAlreadyAllocated(Conflict):
    """A port has this address."""


class IpAddressGenerationFailure(Conflict):
    """No address is free."""


class RouterInUse(Conflict):
    """Ports are on the router."""


class RouterInterfaceInUseByFloatingIP(Conflict):
    """A floating address leads over this port of the router."""


class RouterInterfaceInUseByRoute(Conflict):
    """A route leads over this port of the router."""


class RouterExternalGatewayInUseByFloatingIp(Conflict):
    """Floating addresses lead over the router's gateway."""


class FloatingIPPortAlreadyAssociated(Conflict):
    """Another floating address leads to this address."""


class SecurityGroupInUse(Conflict):
    """Ports are in the group."""


class SecurityGroupCannotRemoveDefault(Conflict):
    """Every project has its default group."""


class SecurityGroupCannotUpdateDefault(Conflict):
    """The default group keeps its name."""


class SecurityGroupDefaultAlreadyExists(Conflict):
    """There is one default group."""


class SecurityGroupRuleExists(Conflict):
    """The group has this rule."""


class DefaultSecurityGroupRuleExists(Conflict):
    """New groups begin with this rule already."""


class RbacPolicyInUse(Conflict):
    """Somebody uses what the policy allows."""


class DuplicateRbacPolicy(Conflict):
    """There is such a policy."""


class AutoAllocationFailure(Conflict):
    """An operator has not set up what networks are made of unasked."""


class DefaultExternalNetworkExists(Conflict):
    """Another network is the way out that is taken unasked."""


class GatewayConflictWithAllocationPools(Conflict):
    """The gateway's address would be handed out."""


class OverlappingAllocationPools(Conflict):
    """An address would be in two pools."""


class InvalidAllocationPool(BadRequest):
    """The pool ends before it begins."""


class OutOfBoundsAllocationPool(BadRequest):
    """The pool leaves the subnet."""


class InvalidIpForSubnet(BadRequest):
    """The address lies outside of the subnet."""


class InvalidIpForNetwork(BadRequest):
    """The address lies in no subnet of the network."""


class InvalidInput(BadRequest):
    """Values that do not fit together."""


class AllocationOnAutoAddressSubnet(BadRequest):
    """Guests make the addresses of the subnet themselves."""


class InvalidRoutes(BadRequest):
    """A route leads over no network of the router."""


class SubnetAllocationError(BadRequest):
    """The pool has no room for such a subnet."""


class MinPrefixSubnetAllocationError(BadRequest):
    """The pool gives no subnets that large."""


class MaxPrefixSubnetAllocationError(BadRequest):
    """The pool gives no subnets that small."""


class IllegalSubnetPoolPrefixUpdate(BadRequest):
    """Subnets were cut from these prefixes."""


class IllegalSubnetPoolUpdate(BadRequest):
    """What comes into the pool is there already."""


class SubnetPoolQuotaExceeded(Conflict):
    """The project has had its share of the pool."""


class PortSecurityPortHasSecurityGroup(Conflict):
    """Groups work only where port security does."""
