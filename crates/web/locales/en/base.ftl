# The shell and the common parts.
skip-to-content = Skip to content
demonstration-note = Demonstration: everything without a public source is marked “illustrative”.
search-label = Search the whole system
search-placeholder = Search directives, documents, articles…
search-button = Search
account = Account
sign-in = Sign in
sign-out = Sign out
nav-label = Main navigation
nav-home = Home
nav-directives = Conclusions, directives
nav-tasks = Tasks
nav-results = Results
nav-news = News
nav-data = Open data
nav-work = My work
nav-import = Import
nav-leader = Leader
nav-administration = Administration
crumbs-label = Where you are
foot-help = Help
foot-codes = Code lists
foot-calendar = Working calendar
foot-data = Data, API
foot-accessibility = Access to information
theme-label = Appearance
theme-auto = As the device
theme-light = Light
theme-dark = Dark

# Lists
count-results = { $n ->
    [one] { $n } result
   *[other] { $n } results
  }
empty-list = Nothing here yet
empty-list-what = Nothing matches what is chosen.
pager-label = Pages
pager-shown = Showing { $shown } of { $total }
pager-first = Back to the first
pager-next = Next page
facet-drop = chosen, press to drop
facet-clear = Drop the choices
export-label = Export the whole list:
export-xlsx = Excel
export-csv = CSV
export-ical = Calendar (iCal)

# Status
status-done-on-time = Done on time
status-done-late = Done late
status-done-late-by = { $days ->
    [one] Done { $days } day late
   *[other] Done { $days } days late
  }
status-within-term = Within term
status-overdue = Overdue
status-overdue-by = { $days ->
    [one] { $days } day overdue
   *[other] { $days } days overdue
  }
status-standing = Standing, no date set
illustrative = illustrative

# Charts, maps
bar-on-time = Done on time
bar-late = Done late
bar-within = Not done, within term
bar-overdue = Not done, overdue
bar-done-share = { $share } of due work done
bar-nothing = No work with a date yet.
bar-state = State
bar-count = Number
bar-share = Share
chart-table = Show the figures as a table
map-desc = Tile map: one tile for each province or city, with the special zones Hoàng Sa (Da Nang) and Trường Sa (Khanh Hoa). The value of each tile stands in the table below.
map-province = Province or city
map-counted-with = counted with its province or city

# Forms
field-required = (required)
field-day-hint = For example 21/6/2019, 10/2019, Q3/2019 or 2021
form-errors-title = { $n ->
    [one] { $n } place needs correcting
   *[other] { $n } places need correcting
  }
group-add = Add a row
group-remove = Remove this row
citation-label = Citation
citation-copy = Copy
citation-copied = Copied

# Error pages
error-home = Home page
error-request = Error code: { $code } · Request code: { $id }
error-400-title = The request is not right
error-400-what = The server does not understand what was sent.
error-400-do = Check the address or what you typed and try again.
error-401-title = Sign in first
error-401-what = This page is for people who have signed in, or your session has ended.
error-401-do = Sign in and open the page again; what was not sent has not been saved.
error-403-title = Not allowed
error-403-what = Your account may not do this.
error-403-do = If you need to, ask your body's administrator for the right.
error-404-title = Page not found
error-404-what = The address is wrong, the thing is gone, or you may not see it.
error-404-do = Check the address, search for a word, or sign in and try again.
error-405-title = Not possible here
error-405-what = This address does not take what was sent.
error-405-do = Go back and use the buttons on the page.
error-409-title = Somebody else has just changed this record
error-409-what = While you were writing the record got a new version; nothing was saved.
error-409-do = Open the record again, look at the change, then go on.
error-413-title = Too large
error-413-what = What you sent is larger than allowed and was not taken; nothing was saved.
error-413-do = Split the file or remove pictures and send again.
error-415-title = Content type not taken
error-415-what = This address does not take the type of content that was sent.
error-415-do = Use the form on the page, or see the API documentation.
error-422-title = Not valid yet
error-422-what = Some fields are not right; nothing was saved.
error-422-do = Correct the marked fields and send again.
error-429-title = Too many requests
error-429-what = There were too many requests from this address or account in a short time.
error-429-do = Wait a few minutes and try again.
error-500-title = Something went wrong
error-500-what = The server failed while handling the request; what was not confirmed as saved counts as not saved.
error-500-do = Try again. If it stays, tell the administrator the request code below.
error-503-title = The server is busy
error-503-what = The request was not finished in the time allowed.
error-503-do = Wait a moment and try again.
