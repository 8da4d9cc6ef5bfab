<?php
// Takes ?mib=N MiB of real memory, against no limit, and keeps it for ?s=N seconds.
ini_set('memory_limit', '-1');
$held = str_repeat('x', (int) ($_GET['mib'] ?? 400) * 1048576);
usleep((int) ((float) ($_GET['s'] ?? 0) * 1e6));
echo strlen($held), "\n";
