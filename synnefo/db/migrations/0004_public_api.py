"""Everything that the whole public API keeps: from tags of servers to routers and groups."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("synnefo", "0003_attached_ganeti"),
    ]

    operations = [
        migrations.CreateModel(
            name="AddressScope",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=255)),
                ("ip_version", models.PositiveSmallIntegerField()),
                ("public", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="FlavorAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FloatingIp",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("address", models.GenericIPAddressField()),
                ("fixed_address", models.GenericIPAddressField(null=True)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("dns_name", models.CharField(blank=True, default="", max_length=63)),
                ("dns_domain", models.CharField(blank=True, default="", max_length=255)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="NetworkGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("kind", models.CharField(max_length=32)),
                ("resource", models.UUIDField(db_index=True)),
                ("action", models.CharField(max_length=32)),
                ("target", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="NetworkTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("resource", models.UUIDField()),
                ("tag", models.CharField(max_length=255)),
            ],
        ),
        migrations.CreateModel(
            name="RetiredNetwork",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("deleted_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Router",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=255)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("admin_up", models.BooleanField(default=True)),
                ("snat", models.BooleanField(default=True)),
                ("routes", models.JSONField(default=list)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SecurityGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=255)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("is_default", models.BooleanField(default=False)),
                ("stateful", models.BooleanField(default=True)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="SecurityGroupRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("direction", models.CharField(max_length=8)),
                ("ethertype", models.CharField(max_length=4)),
                ("protocol", models.CharField(max_length=16, null=True)),
                ("port_min", models.PositiveIntegerField(null=True)),
                ("port_max", models.PositiveIntegerField(null=True)),
                ("remote_prefix", models.CharField(max_length=64, null=True)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ServerTag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tag", models.CharField(max_length=60)),
            ],
        ),
        migrations.CreateModel(
            name="SubnetPool",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(blank=True, default="", max_length=255)),
                ("description", models.CharField(blank=True, default="", max_length=255)),
                ("ip_version", models.PositiveSmallIntegerField()),
                ("prefixes", models.JSONField(default=list)),
                ("min_prefixlen", models.PositiveSmallIntegerField()),
                ("default_prefixlen", models.PositiveSmallIntegerField()),
                ("max_prefixlen", models.PositiveSmallIntegerField()),
                ("default_quota", models.PositiveBigIntegerField(null=True)),
                ("public", models.BooleanField(default=False)),
                ("is_default", models.BooleanField(default=False)),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="flavor",
            name="created_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.AddField(
            model_name="flavor",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="flavor",
            name="ephemeral",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="flavor",
            name="rxtx_factor",
            field=models.FloatField(default=1.0),
        ),
        migrations.AddField(
            model_name="flavor",
            name="swap",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="network",
            name="admin_up",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="network",
            name="description",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="network",
            name="dns_domain",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="network",
            name="external",
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name="network",
            name="is_default",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="network",
            name="mtu",
            field=models.PositiveIntegerField(default=1500),
        ),
        migrations.AddField(
            model_name="network",
            name="physical",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="network",
            name="port_security",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="network",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="port",
            name="address_pairs",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="port",
            name="admin_up",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="port",
            name="description",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="port",
            name="device",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="port",
            name="dhcp_options",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="port",
            name="dns_name",
            field=models.CharField(blank=True, default="", max_length=63),
        ),
        migrations.AddField(
            model_name="port",
            name="host",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="port",
            name="kept",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="port",
            name="owner",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="port",
            name="port_security",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="port",
            name="profile",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="port",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="port",
            name="tag",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="port",
            name="vnic_type",
            field=models.CharField(default="normal", max_length=16),
        ),
        migrations.AddField(
            model_name="server",
            name="disk_config",
            field=models.CharField(default="MANUAL", max_length=8),
        ),
        migrations.AddField(
            model_name="server",
            name="hints",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="server",
            name="hostname",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="server",
            name="launch_index",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="server",
            name="locked_by",
            field=models.CharField(max_length=8, null=True),
        ),
        migrations.AddField(
            model_name="server",
            name="locked_reason",
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name="server",
            name="personality",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="server",
            name="reservation_id",
            field=models.CharField(blank=True, default="", max_length=32),
        ),
        migrations.AddField(
            model_name="server",
            name="wanted_node",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="server",
            name="zone",
            field=models.CharField(max_length=255, null=True),
        ),
        migrations.AddField(
            model_name="subnet",
            name="description",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="subnet",
            name="enable_dhcp",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="subnet",
            name="host_routes",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="subnet",
            name="ipv6_address_mode",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="subnet",
            name="ipv6_ra_mode",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="subnet",
            name="pools",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="subnet",
            name="revision",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="subnet",
            name="service_types",
            field=models.JSONField(default=list),
        ),
        migrations.AlterField(
            model_name="flavor",
            name="flavor_id",
            field=models.CharField(max_length=255),
        ),
        migrations.AlterField(
            model_name="flavor",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AddConstraint(
            model_name="flavor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("flavor_id",),
                name="flavor_id_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="flavor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("name",), name="name_once"
            ),
        ),
        migrations.AddField(
            model_name="addressscope",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="flavoraccess",
            name="flavor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="access",
                to="synnefo.flavor",
            ),
        ),
        migrations.AddField(
            model_name="flavoraccess",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="floatingip",
            name="holder",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="floating_ip",
                to="synnefo.port",
            ),
        ),
        migrations.AddField(
            model_name="floatingip",
            name="network",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="floating_ips",
                to="synnefo.network",
            ),
        ),
        migrations.AddField(
            model_name="floatingip",
            name="port",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="reached_by",
                to="synnefo.port",
            ),
        ),
        migrations.AddField(
            model_name="floatingip",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="networkgrant",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="networktag",
            constraint=models.UniqueConstraint(fields=("resource", "tag"), name="one_tag_each"),
        ),
        migrations.AddField(
            model_name="router",
            name="gateway",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="gateway_of",
                to="synnefo.network",
            ),
        ),
        migrations.AddField(
            model_name="router",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="floatingip",
            name="router",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="floating_ips",
                to="synnefo.router",
            ),
        ),
        migrations.AddField(
            model_name="port",
            name="router",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ports",
                to="synnefo.router",
            ),
        ),
        migrations.AddField(
            model_name="securitygroup",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="port",
            name="security_groups",
            field=models.ManyToManyField(related_name="ports", to="synnefo.securitygroup"),
        ),
        migrations.AddField(
            model_name="securitygrouprule",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rules",
                to="synnefo.securitygroup",
            ),
        ),
        migrations.AddField(
            model_name="securitygrouprule",
            name="remote_group",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="trusted_by",
                to="synnefo.securitygroup",
            ),
        ),
        migrations.AddField(
            model_name="servertag",
            name="server",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="tags",
                to="synnefo.server",
            ),
        ),
        migrations.AddField(
            model_name="subnetpool",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="subnetpool",
            name="scope",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="pools",
                to="synnefo.addressscope",
            ),
        ),
        migrations.AddField(
            model_name="subnet",
            name="subnet_pool",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="subnets",
                to="synnefo.subnetpool",
            ),
        ),
        migrations.AddConstraint(
            model_name="flavoraccess",
            constraint=models.UniqueConstraint(fields=("flavor", "project"), name="access_once"),
        ),
        migrations.AddConstraint(
            model_name="networkgrant",
            constraint=models.UniqueConstraint(
                fields=("kind", "resource", "action", "target"), name="one_grant_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="floatingip",
            constraint=models.UniqueConstraint(
                fields=("port", "fixed_address", "network"), name="one_floating_ip_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="securitygroup",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_default", True)),
                fields=("project",),
                name="one_default_group",
            ),
        ),
        migrations.AddIndex(
            model_name="servertag",
            index=models.Index(fields=["tag", "server"], name="server_tag_search"),
        ),
        migrations.AddConstraint(
            model_name="servertag",
            constraint=models.UniqueConstraint(fields=("server", "tag"), name="server_tag_once"),
        ),
    ]
