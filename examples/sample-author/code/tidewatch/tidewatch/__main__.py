from tidewatch.cli import main

raise SystemExit(main())
