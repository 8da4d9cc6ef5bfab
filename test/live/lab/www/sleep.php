<?php
// Waits as a request waits for a database: in many short sleeps, so that a signal cannot cut it short.
$until = microtime(true) + (float) ($_GET['s'] ?? 1);
while (microtime(true) < $until) usleep(20000);
echo "slept\n";
