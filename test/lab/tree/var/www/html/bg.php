<?php
// Leaves a process behind that outlives the request and holds the worker's descriptors.
exec('sleep 600 >/dev/null 2>&1 &');
echo "started\n";
