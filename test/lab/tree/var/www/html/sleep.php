<?php
// Keeps a worker for ?s=N seconds without using the processor. Many short waits, because SIGQUIT ends one sleep() early.
header('Content-Type: text/plain');
$until = hrtime(true) + (float) ($_GET['s'] ?? 1) * 1e9;
while (hrtime(true) < $until) {
    usleep(10000);
}
echo "slept\n";
