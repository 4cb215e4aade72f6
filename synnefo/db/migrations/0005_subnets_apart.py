"""Subnets of IPv4 that have networks of their own on backends."""

from django.db import migrations, models

# The first one of a network has the range that backends know.
LATER_ONES = """
UPDATE synnefo_subnet SET apart = TRUE WHERE ip_version = 4 AND id NOT IN (
    SELECT MIN(id) FROM synnefo_subnet WHERE ip_version = 4 GROUP BY network_id
)
"""


class Migration(migrations.Migration):
    dependencies = (("synnefo", "0001_squashed_0004"),)

    operations = (
        migrations.AddField(
            model_name="subnet",
            name="apart",
            field=models.BooleanField(default=False),
        ),
        migrations.RunSQL(LATER_ONES, migrations.RunSQL.noop),
    )
