<?php
// The worker kills itself with signal ?sig=N (11 by default), as a crashing extension would.
posix_kill(getmypid(), (int) ($_GET['sig'] ?? 11));
