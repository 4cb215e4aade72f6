"""What the whole of the public API has to remember."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import synnefo.core.server_states
import synnefo.db.models.identity


class Migration(migrations.Migration):
    dependencies = [
        ("synnefo", "0003_attached_ganeti"),
    ]

    operations = [
        migrations.CreateModel(
            name="AccessRule",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("service", models.CharField(max_length=64)),
                ("method", models.CharField(max_length=16)),
                ("path", models.CharField(max_length=128)),
            ],
        ),
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
            name="Aggregate",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=255, unique=True)),
                ("zone", models.CharField(max_length=255, null=True)),
                ("metadata", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ApplicationCredential",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                ("secret", models.CharField(max_length=255)),
                ("restricted", models.BooleanField(default=False)),
                ("unrestricted", models.BooleanField(default=False)),
                ("expires_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Backup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("user_id", models.CharField(blank=True, default="", max_length=64)),
                ("volume_uuid", models.UUIDField()),
                ("snapshot_id", models.UUIDField(null=True)),
                ("name", models.CharField(max_length=255, null=True)),
                ("description", models.TextField(null=True)),
                ("container", models.CharField(max_length=255, null=True)),
                ("availability_zone", models.CharField(default="nova", max_length=255)),
                ("size", models.PositiveIntegerField()),
                ("status", models.CharField(default="creating", max_length=32)),
                ("fail_reason", models.TextField(null=True)),
                ("incremental", models.BooleanField(default=False)),
                ("metadata", models.JSONField(default=dict)),
                ("volume_facts", models.JSONField(default=dict)),
                ("data_timestamp", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="CatalogService",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("type", models.CharField(max_length=255)),
                ("enabled", models.BooleanField(default=True)),
                ("extra", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Consumer",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("secret_encrypted", models.TextField()),
                ("extra", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("type", models.CharField(max_length=255)),
                ("blob_encrypted", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="DefaultVolumeType",
            fields=[
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to="synnefo.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("service_id", models.CharField(db_index=True, max_length=64)),
                ("interface", models.CharField(max_length=8)),
                ("url", models.TextField()),
                ("region_id", models.CharField(blank=True, default="", max_length=255)),
                ("enabled", models.BooleanField(default=True)),
                ("extra", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="EndpointGroup",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                ("filters", models.JSONField()),
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
            name="Group",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("name", models.CharField(max_length=255)),
                ("description", models.TextField(blank=True, default="")),
                ("extra", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="GroupSnapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("user_id", models.CharField(blank=True, default="", max_length=64)),
                ("name", models.CharField(max_length=255, null=True)),
                ("description", models.TextField(null=True)),
                ("status", models.CharField(default="available", max_length=32)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="GroupType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=255, unique=True)),
                ("description", models.TextField(null=True)),
                ("is_public", models.BooleanField(default=True)),
                ("specs", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ImageMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("member_id", models.CharField(max_length=255)),
                ("status", models.CharField(default="pending", max_length=16)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ImageTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("type", models.CharField(max_length=32)),
                ("status", models.CharField(max_length=16)),
                ("owner", models.CharField(max_length=64)),
                ("user_id", models.CharField(blank=True, default="", max_length=64)),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                ("image_uuid", models.UUIDField(db_index=True, null=True)),
                ("input", models.JSONField(default=dict)),
                ("result", models.JSONField(null=True)),
                ("message", models.TextField(blank=True, default="")),
                ("expires_at", models.DateTimeField(db_index=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ImpliedRole",
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
            name="Membership",
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
            name="MetadefItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("name", models.CharField(max_length=80)),
                ("content", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="MetadefNamespace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("namespace", models.CharField(max_length=80, unique=True)),
                ("display_name", models.CharField(max_length=80, null=True)),
                ("description", models.TextField(null=True)),
                ("visibility", models.CharField(default="private", max_length=16)),
                ("protected", models.BooleanField(default=False)),
                ("owner", models.CharField(max_length=64)),
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
            name="Node",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=255)),
                ("address", models.CharField(blank=True, default="", max_length=45)),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("regular", "Regular"),
                            ("drained", "Drained"),
                            ("offline", "Offline"),
                        ],
                        default="regular",
                        max_length=16,
                    ),
                ),
                ("master", models.BooleanField(default=False)),
                ("vm_capable", models.BooleanField(default=True)),
                ("answers", models.BooleanField(default=True)),
                ("memory_total", models.BigIntegerField(default=0)),
                ("memory_free", models.BigIntegerField(default=0)),
                ("disk_total", models.BigIntegerField(default=0)),
                ("disk_free", models.BigIntegerField(default=0)),
                ("cpus", models.IntegerField(default=0)),
                ("instances", models.IntegerField(default=0)),
                (
                    "wanted_role",
                    models.CharField(
                        choices=[
                            ("regular", "Regular"),
                            ("drained", "Drained"),
                            ("offline", "Offline"),
                        ],
                        max_length=16,
                        null=True,
                    ),
                ),
                ("asked_at", models.DateTimeField(null=True)),
                ("disabled_reason", models.CharField(max_length=255, null=True)),
                ("created_at", models.DateTimeField()),
                ("up_since", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("type", models.CharField(max_length=255)),
                ("blob", models.TextField()),
                ("extra", models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name="ProjectEndpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("endpoint_id", models.CharField(max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="QosSpecs",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=255, unique=True)),
                ("consumer", models.CharField(default="back-end", max_length=16)),
                ("specs", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="QuotaDefault",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("of_class", models.CharField(max_length=255)),
                ("resource", models.CharField(max_length=32)),
                ("limit", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=255,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("description", models.TextField(blank=True, default="")),
                ("parent_id", models.CharField(blank=True, default="", max_length=255)),
                ("extra", models.JSONField(default=dict)),
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
            name="ServerGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=255)),
                (
                    "policy",
                    models.CharField(
                        choices=[
                            ("affinity", "Affinity"),
                            ("anti-affinity", "Anti Affinity"),
                            ("soft-affinity", "Soft Affinity"),
                            ("soft-anti-affinity", "Soft Anti Affinity"),
                        ],
                        max_length=32,
                    ),
                ),
                ("most_per_node", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
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
            name="Snapshot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("user_id", models.CharField(blank=True, default="", max_length=64)),
                ("name", models.CharField(max_length=255, null=True)),
                ("description", models.TextField(null=True)),
                ("size", models.PositiveIntegerField()),
                ("status", models.CharField(default="creating", max_length=32)),
                ("progress", models.CharField(default="0%", max_length=8)),
                ("metadata", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
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
        migrations.CreateModel(
            name="Trust",
            fields=[
                (
                    "id",
                    models.CharField(
                        default=synnefo.db.models.identity.new_hex_id,
                        max_length=64,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("impersonation", models.BooleanField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("remaining_uses", models.IntegerField(null=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="UserQuotaLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("resource", models.CharField(max_length=32)),
                ("limit", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="VolumeAttachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("instance_uuid", models.UUIDField(null=True)),
                ("host_name", models.CharField(blank=True, default="", max_length=255)),
                ("device", models.CharField(max_length=255, null=True)),
                ("mode", models.CharField(default="rw", max_length=8)),
                ("status", models.CharField(default="reserved", max_length=16)),
                ("tag", models.CharField(max_length=60, null=True)),
                ("delete_on_termination", models.BooleanField(default=False)),
                ("connection_info", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField()),
                ("attached_at", models.DateTimeField(null=True)),
                ("detached_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="VolumeContent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("disk_format", models.CharField(default="raw", max_length=16)),
                ("size", models.PositiveBigIntegerField(default=0)),
                ("ready", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="VolumeGroup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("user_id", models.CharField(blank=True, default="", max_length=64)),
                ("name", models.CharField(max_length=255, null=True)),
                ("description", models.TextField(null=True)),
                ("availability_zone", models.CharField(default="nova", max_length=255)),
                ("status", models.CharField(default="available", max_length=32)),
                ("group_snapshot_id", models.UUIDField(null=True)),
                ("source_group_id", models.UUIDField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="VolumeMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("resource_type", models.CharField(default="VOLUME", max_length=36)),
                ("resource_uuid", models.UUIDField(null=True)),
                ("event_id", models.CharField(max_length=64)),
                ("user_message", models.TextField()),
                ("level", models.CharField(default="ERROR", max_length=16)),
                ("request_id", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField()),
                ("guaranteed_until", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="VolumeService",
            fields=[
                ("binary", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("disabled", models.BooleanField(default=False)),
                ("reason", models.CharField(max_length=255, null=True)),
                ("frozen", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="VolumeTransfer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("volume_uuid", models.UUIDField()),
                ("name", models.CharField(max_length=255, null=True)),
                ("digest", models.CharField(max_length=64)),
                ("no_snapshots", models.BooleanField(default=False)),
                ("destination_project_id", models.CharField(max_length=64, null=True)),
                ("accepted", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="VolumeType",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uuid", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=255, unique=True)),
                ("description", models.TextField(null=True)),
                ("is_public", models.BooleanField(default=True)),
                ("extra_specs", models.JSONField(default=dict)),
                ("encryption", models.JSONField(null=True)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="VolumeTypeAccess",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="project",
            name="project_name",
        ),
        migrations.RemoveConstraint(
            model_name="roleassignment",
            name="role_assignment",
        ),
        migrations.RemoveConstraint(
            model_name="user",
            name="user_name",
        ),
        migrations.AddField(
            model_name="backend",
            name="features",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="domain",
            name="config",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="domain",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="domain",
            name="description",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="domain",
            name="extra",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="domain",
            name="options",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="domain",
            name="tags",
            field=models.JSONField(default=list),
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
            model_name="image",
            name="notes",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="image",
            name="staged",
            field=models.JSONField(null=True),
        ),
        migrations.AddField(
            model_name="image",
            name="staged_size",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="intent",
            name="first",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="synnefo.intent",
            ),
        ),
        migrations.AddField(
            model_name="intent",
            name="then",
            field=models.JSONField(default=list),
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
            model_name="project",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="project",
            name="extra",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="project",
            name="options",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="project",
            name="parent",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="tags",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="role",
            name="description",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="role",
            name="domain",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.domain"
            ),
        ),
        migrations.AddField(
            model_name="role",
            name="options",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="domain",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.domain"
            ),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="inherited",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="server",
            name="before_mode",
            field=models.JSONField(default=dict),
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
            name="mode",
            field=models.CharField(
                choices=[
                    (
                        synnefo.core.server_states.ServerMode["RESIZED"],
                        synnefo.core.server_states.ServerMode["RESIZED"],
                    ),
                    (
                        synnefo.core.server_states.ServerMode["RESCUED"],
                        synnefo.core.server_states.ServerMode["RESCUED"],
                    ),
                    (
                        synnefo.core.server_states.ServerMode["SHELVED"],
                        synnefo.core.server_states.ServerMode["SHELVED"],
                    ),
                    (
                        synnefo.core.server_states.ServerMode["SHELVED_OFFLOADED"],
                        synnefo.core.server_states.ServerMode["SHELVED_OFFLOADED"],
                    ),
                    (
                        synnefo.core.server_states.ServerMode["SOFT_DELETED"],
                        synnefo.core.server_states.ServerMode["SOFT_DELETED"],
                    ),
                    (
                        synnefo.core.server_states.ServerMode["MARKED"],
                        synnefo.core.server_states.ServerMode["MARKED"],
                    ),
                ],
                max_length=24,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="server",
            name="mode_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="server",
            name="old_flavor",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="synnefo.flavor",
            ),
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
            name="second_node",
            field=models.CharField(blank=True, default="", max_length=255),
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
        migrations.AddField(
            model_name="token",
            name="domain",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.domain"
            ),
        ),
        migrations.AddField(
            model_name="token",
            name="parent_audit_id",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="token",
            name="system",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="user",
            name="description",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="user",
            name="extra",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="user",
            name="must_change_password",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="user",
            name="old_passwords",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="user",
            name="options",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="user",
            name="password_changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="availability_zone",
            field=models.CharField(default="nova", max_length=255),
        ),
        migrations.AddField(
            model_name="volume",
            name="bootable",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="volume",
            name="description",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="image_metadata",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="volume",
            name="local",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="metadata",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="volume",
            name="migration_status",
            field=models.CharField(max_length=32, null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="multiattach",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="volume",
            name="name",
            field=models.CharField(blank=True, default="", max_length=255),
        ),
        migrations.AddField(
            model_name="volume",
            name="readonly",
            field=models.BooleanField(null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="snapshot_id",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="source_volid",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="updated_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="volume",
            name="user_id",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AlterField(
            model_name="domain",
            name="name",
            field=models.CharField(max_length=255),
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
        migrations.AlterField(
            model_name="image",
            name="project",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                to="synnefo.project",
            ),
        ),
        migrations.AlterField(
            model_name="port",
            name="mac_address",
            field=models.CharField(blank=True, db_index=True, default="", max_length=17),
        ),
        migrations.AlterField(
            model_name="role",
            name="name",
            field=models.CharField(max_length=255),
        ),
        migrations.AlterField(
            model_name="roleassignment",
            name="project",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AlterField(
            model_name="roleassignment",
            name="role",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="synnefo.role"),
        ),
        migrations.AlterField(
            model_name="roleassignment",
            name="user",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="assignments",
                to="synnefo.user",
            ),
        ),
        migrations.AlterField(
            model_name="server",
            name="state",
            field=models.CharField(
                choices=[
                    (
                        synnefo.core.server_states.ServerState["BUILD"],
                        synnefo.core.server_states.ServerState["BUILD"],
                    ),
                    (
                        synnefo.core.server_states.ServerState["ACTIVE"],
                        synnefo.core.server_states.ServerState["ACTIVE"],
                    ),
                    (
                        synnefo.core.server_states.ServerState["STOPPED"],
                        synnefo.core.server_states.ServerState["STOPPED"],
                    ),
                    (
                        synnefo.core.server_states.ServerState["PAUSED"],
                        synnefo.core.server_states.ServerState["PAUSED"],
                    ),
                    (
                        synnefo.core.server_states.ServerState["SUSPENDED"],
                        synnefo.core.server_states.ServerState["SUSPENDED"],
                    ),
                    (
                        synnefo.core.server_states.ServerState["ERROR"],
                        synnefo.core.server_states.ServerState["ERROR"],
                    ),
                    (
                        synnefo.core.server_states.ServerState["DELETED"],
                        synnefo.core.server_states.ServerState["DELETED"],
                    ),
                ],
                default=synnefo.core.server_states.ServerState["BUILD"],
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="server",
            name="task",
            field=models.CharField(
                choices=[
                    (
                        synnefo.core.server_states.ServerTask["SPAWNING"],
                        synnefo.core.server_states.ServerTask["SPAWNING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["POWERING_ON"],
                        synnefo.core.server_states.ServerTask["POWERING_ON"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["POWERING_OFF"],
                        synnefo.core.server_states.ServerTask["POWERING_OFF"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["REBOOTING"],
                        synnefo.core.server_states.ServerTask["REBOOTING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["REBOOTING_HARD"],
                        synnefo.core.server_states.ServerTask["REBOOTING_HARD"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["DELETING"],
                        synnefo.core.server_states.ServerTask["DELETING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["PAUSING"],
                        synnefo.core.server_states.ServerTask["PAUSING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["UNPAUSING"],
                        synnefo.core.server_states.ServerTask["UNPAUSING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["SUSPENDING"],
                        synnefo.core.server_states.ServerTask["SUSPENDING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESUMING"],
                        synnefo.core.server_states.ServerTask["RESUMING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESIZE_PREP"],
                        synnefo.core.server_states.ServerTask["RESIZE_PREP"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESIZE_FINISH"],
                        synnefo.core.server_states.ServerTask["RESIZE_FINISH"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESIZE_CONFIRMING"],
                        synnefo.core.server_states.ServerTask["RESIZE_CONFIRMING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESIZE_REVERTING"],
                        synnefo.core.server_states.ServerTask["RESIZE_REVERTING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["REBUILDING"],
                        synnefo.core.server_states.ServerTask["REBUILDING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["REBUILD_SPAWNING"],
                        synnefo.core.server_states.ServerTask["REBUILD_SPAWNING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESCUING"],
                        synnefo.core.server_states.ServerTask["RESCUING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["UNRESCUING"],
                        synnefo.core.server_states.ServerTask["UNRESCUING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["SHELVING"],
                        synnefo.core.server_states.ServerTask["SHELVING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["SHELVING_SAVING"],
                        synnefo.core.server_states.ServerTask["SHELVING_SAVING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["UNSHELVING"],
                        synnefo.core.server_states.ServerTask["UNSHELVING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["IMAGE_SNAPSHOT"],
                        synnefo.core.server_states.ServerTask["IMAGE_SNAPSHOT"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["IMAGE_BACKUP"],
                        synnefo.core.server_states.ServerTask["IMAGE_BACKUP"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["SOFT_DELETING"],
                        synnefo.core.server_states.ServerTask["SOFT_DELETING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["RESTORING"],
                        synnefo.core.server_states.ServerTask["RESTORING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["MIGRATING"],
                        synnefo.core.server_states.ServerTask["MIGRATING"],
                    ),
                    (
                        synnefo.core.server_states.ServerTask["EVACUATING"],
                        synnefo.core.server_states.ServerTask["EVACUATING"],
                    ),
                ],
                max_length=32,
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="volume",
            name="status",
            field=models.CharField(default="creating", max_length=32),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["project", "created_at"], name="image_of_project"),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["visibility", "created_at"], name="image_visibility"),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(
                condition=models.Q(("status__in", ["pending_delete", "saving", "uploading"])),
                fields=["status"],
                name="image_passing",
            ),
        ),
        migrations.AddConstraint(
            model_name="domain",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("name",),
                name="domain_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="flavor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)),
                fields=("flavor_id",),
                name="flavor_one_flavor_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="flavor",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at", None)), fields=("name",), name="flavor_one_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="project",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("domain", "name"),
                name="project_name",
            ),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(
                condition=models.Q(("domain__isnull", True)), fields=("name",), name="role_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="role",
            constraint=models.UniqueConstraint(fields=("domain", "name"), name="domain_role_name"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                condition=models.Q(("deleted_at__isnull", True)),
                fields=("domain", "name"),
                name="user_name",
            ),
        ),
        migrations.AddField(
            model_name="accessrule",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="synnefo.user"),
        ),
        migrations.AddField(
            model_name="addressscope",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="applicationcredential",
            name="access_rules",
            field=models.ManyToManyField(to="synnefo.accessrule"),
        ),
        migrations.AddField(
            model_name="applicationcredential",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="applicationcredential",
            name="roles",
            field=models.ManyToManyField(to="synnefo.role"),
        ),
        migrations.AddField(
            model_name="applicationcredential",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="synnefo.user"),
        ),
        migrations.AddField(
            model_name="token",
            name="application_credential",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="synnefo.applicationcredential",
            ),
        ),
        migrations.AddField(
            model_name="backup",
            name="parent",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="dependents",
                to="synnefo.backup",
            ),
        ),
        migrations.AddField(
            model_name="backup",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="project",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="credential",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="synnefo.user"),
        ),
        migrations.AddField(
            model_name="endpointgroup",
            name="projects",
            field=models.ManyToManyField(to="synnefo.project"),
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
            model_name="group",
            name="domain",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.domain"
            ),
        ),
        migrations.AddField(
            model_name="roleassignment",
            name="group",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.group"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.UniqueConstraint(
                fields=("user", "project", "role", "inherited"), name="user_role_in_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.UniqueConstraint(
                fields=("user", "domain", "role", "inherited"), name="user_role_in_domain"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.UniqueConstraint(
                fields=("group", "project", "role", "inherited"), name="group_role_in_project"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.UniqueConstraint(
                fields=("group", "domain", "role", "inherited"), name="group_role_in_domain"
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("domain__isnull", True), ("project__isnull", True)),
                fields=("user", "role"),
                name="user_role_in_system",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("domain__isnull", True), ("project__isnull", True)),
                fields=("group", "role"),
                name="group_role_in_system",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("user__isnull", True), ("group__isnull", True), _connector="XOR"
                ),
                name="assignment_actor",
            ),
        ),
        migrations.AddConstraint(
            model_name="roleassignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("project__isnull", True), ("domain__isnull", True), _connector="OR"
                ),
                name="assignment_target",
            ),
        ),
        migrations.AddField(
            model_name="groupsnapshot",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="imagemember",
            name="image",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="members",
                to="synnefo.image",
            ),
        ),
        migrations.AddField(
            model_name="impliedrole",
            name="implied",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="implied_by",
                to="synnefo.role",
            ),
        ),
        migrations.AddField(
            model_name="impliedrole",
            name="prior",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="implications",
                to="synnefo.role",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="memberships",
                to="synnefo.group",
            ),
        ),
        migrations.AddField(
            model_name="membership",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="memberships",
                to="synnefo.user",
            ),
        ),
        migrations.AddField(
            model_name="metadefitem",
            name="namespace",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="items",
                to="synnefo.metadefnamespace",
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
            model_name="node",
            name="backend",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="nodes",
                to="synnefo.backend",
            ),
        ),
        migrations.AddField(
            model_name="aggregate",
            name="nodes",
            field=models.ManyToManyField(related_name="aggregates", to="synnefo.node"),
        ),
        migrations.AddField(
            model_name="projectendpoint",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="quotadefault",
            constraint=models.UniqueConstraint(
                fields=("of_class", "resource"), name="quota_default"
            ),
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
            model_name="servergroup",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="servergroup",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="synnefo.user"),
        ),
        migrations.AddField(
            model_name="server",
            name="group",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, to="synnefo.servergroup"
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
            model_name="snapshot",
            name="group_snapshot",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="snapshots",
                to="synnefo.groupsnapshot",
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="volume",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="snapshots",
                to="synnefo.volume",
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
        migrations.AddField(
            model_name="trust",
            name="project",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="trust",
            name="roles",
            field=models.ManyToManyField(to="synnefo.role"),
        ),
        migrations.AddField(
            model_name="trust",
            name="trustee",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="trusts_got",
                to="synnefo.user",
            ),
        ),
        migrations.AddField(
            model_name="trust",
            name="trustor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="trusts_given",
                to="synnefo.user",
            ),
        ),
        migrations.AddField(
            model_name="token",
            name="trust",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.trust"
            ),
        ),
        migrations.AddField(
            model_name="userquotalimit",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="userquotalimit",
            name="user",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="synnefo.user"),
        ),
        migrations.AddField(
            model_name="volumeattachment",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="volumeattachment",
            name="server",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attachments",
                to="synnefo.server",
            ),
        ),
        migrations.AddField(
            model_name="volumeattachment",
            name="volume",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="attachments",
                to="synnefo.volume",
            ),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="content",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="snapshots",
                to="synnefo.volumecontent",
            ),
        ),
        migrations.AddField(
            model_name="backup",
            name="content",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="backups",
                to="synnefo.volumecontent",
            ),
        ),
        migrations.AddField(
            model_name="volume",
            name="content",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="volumes",
                to="synnefo.volumecontent",
            ),
        ),
        migrations.AddField(
            model_name="volumegroup",
            name="group_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.grouptype"
            ),
        ),
        migrations.AddField(
            model_name="volumegroup",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="groupsnapshot",
            name="group",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="snapshots",
                to="synnefo.volumegroup",
            ),
        ),
        migrations.AddField(
            model_name="volume",
            name="group",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="volumes",
                to="synnefo.volumegroup",
            ),
        ),
        migrations.AddField(
            model_name="volumemessage",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="volumetransfer",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="volumetransfer",
            name="volume",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, to="synnefo.volume"
            ),
        ),
        migrations.AddField(
            model_name="volumetype",
            name="qos_specs",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="types",
                to="synnefo.qosspecs",
            ),
        ),
        migrations.AddField(
            model_name="volumegroup",
            name="volume_types",
            field=models.ManyToManyField(to="synnefo.volumetype"),
        ),
        migrations.AddField(
            model_name="defaultvolumetype",
            name="volume_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.volumetype"
            ),
        ),
        migrations.AddField(
            model_name="volume",
            name="volume_type",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, to="synnefo.volumetype"
            ),
        ),
        migrations.AddIndex(
            model_name="volume",
            index=models.Index(
                fields=["project", "local", "-created_at", "-id"], name="volume_list"
            ),
        ),
        migrations.AddField(
            model_name="volumetypeaccess",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, to="synnefo.project"
            ),
        ),
        migrations.AddField(
            model_name="volumetypeaccess",
            name="volume_type",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="access",
                to="synnefo.volumetype",
            ),
        ),
        migrations.AddConstraint(
            model_name="accessrule",
            constraint=models.UniqueConstraint(
                fields=("user", "service", "method", "path"), name="access_rule"
            ),
        ),
        migrations.AddConstraint(
            model_name="applicationcredential",
            constraint=models.UniqueConstraint(
                fields=("user", "name"), name="application_credential_name"
            ),
        ),
        migrations.AddConstraint(
            model_name="flavoraccess",
            constraint=models.UniqueConstraint(fields=("flavor", "project"), name="access_once"),
        ),
        migrations.AddConstraint(
            model_name="group",
            constraint=models.UniqueConstraint(fields=("domain", "name"), name="group_name"),
        ),
        migrations.AddIndex(
            model_name="imagemember",
            index=models.Index(fields=["member_id", "status"], name="image_member_of"),
        ),
        migrations.AddConstraint(
            model_name="imagemember",
            constraint=models.UniqueConstraint(
                fields=("image", "member_id"), name="image_member_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="impliedrole",
            constraint=models.UniqueConstraint(fields=("prior", "implied"), name="implied_role"),
        ),
        migrations.AddConstraint(
            model_name="membership",
            constraint=models.UniqueConstraint(fields=("group", "user"), name="group_member"),
        ),
        migrations.AddConstraint(
            model_name="metadefitem",
            constraint=models.UniqueConstraint(
                fields=("namespace", "kind", "name"), name="metadef_item_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="networkgrant",
            constraint=models.UniqueConstraint(
                fields=("kind", "resource", "action", "target"), name="one_grant_each"
            ),
        ),
        migrations.AddConstraint(
            model_name="node",
            constraint=models.UniqueConstraint(fields=("backend", "name"), name="node_once"),
        ),
        migrations.AddConstraint(
            model_name="projectendpoint",
            constraint=models.UniqueConstraint(
                fields=("endpoint_id", "project"), name="project_endpoint"
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
        migrations.AddConstraint(
            model_name="userquotalimit",
            constraint=models.UniqueConstraint(
                fields=("project", "user", "resource"), name="user_quota_limit"
            ),
        ),
        migrations.AddIndex(
            model_name="snapshot",
            index=models.Index(fields=["project", "-created_at", "-id"], name="snapshot_list"),
        ),
        migrations.AddIndex(
            model_name="backup",
            index=models.Index(fields=["project", "-created_at", "-id"], name="backup_list"),
        ),
        migrations.AddConstraint(
            model_name="volumetypeaccess",
            constraint=models.UniqueConstraint(
                fields=("volume_type", "project"), name="volume_type_access"
            ),
        ),
    ]
